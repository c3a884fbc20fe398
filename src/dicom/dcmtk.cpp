#include "dosigate/dicom/dcmtk.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmdata/dcrleerg.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>
#include <dcmtk/dcmjpls/djencode.h>
#include <dcmtk/oflog/appender.h>
#include <dcmtk/oflog/oflog.h>
#include <dcmtk/oflog/spi/logevent.h>
#include <spdlog/spdlog.h>

namespace dosigate {
namespace {

namespace log = dcmtk::log4cplus;

/// Sends DCMTK's messages to spdlog without their text, which may quote values of a data set or of
/// a peer. The place in DCMTK's source names the message as exactly as its text would. One line per
/// place and minute: a broken series would otherwise write thousands.
class ScrubbingAppender : public log::Appender {
 public:
  ~ScrubbingAppender() override { destructorImpl(); }
  void close() override { closed = true; }

 protected:
  void append(const log::spi::InternalLoggingEvent& event) override {
    std::string_view file = event.getFile();
    if (const auto slash = file.rfind('/'); slash != std::string_view::npos)
      file.remove_prefix(slash + 1);
    unsigned long held_back = 0;
    {
      const auto now = std::chrono::steady_clock::now();
      const std::lock_guard lock(mutex_);
      // One entry per log statement of DCMTK: bounded by its source.
      Place& place = places_[{std::string(file), event.getLine()}];
      if (place.said_once && now - place.last < std::chrono::minutes(1)) {
        ++place.held_back;
        return;
      }
      held_back = std::exchange(place.held_back, 0);
      place.last = now;
      place.said_once = true;
    }
    // Even DCMTK's "error" is a broken message of a peer, which we refuse: no person must act
    // (style 7).
    const bool broken = event.getLogLevel() >= log::ERROR_LOG_LEVEL;
    spdlog::log(broken ? spdlog::level::warn : spdlog::level::info,
                "dcmtk noticed logger={} at={}:{} repeated={}", event.getLoggerName().c_str(), file,
                event.getLine(), held_back);
  }

 private:
  struct Place {
    std::chrono::steady_clock::time_point last;
    unsigned long held_back = 0;
    bool said_once = false;
  };
  std::mutex mutex_;
  std::map<std::pair<std::string, int>, Place> places_;
};

}  // namespace

DcmtkRuntime::DcmtkRuntime() {
  OFLog::configure(OFLogger::WARN_LOG_LEVEL);
  log::Logger root = log::Logger::getRoot();
  root.removeAllAppenders();
  root.addAppender(log::SharedAppenderPtr(new ScrubbingAppender));

  if (!dcmDataDict.isDictionaryLoaded())
    throw std::runtime_error(
        "DCMTK's data dictionary is not loaded: install libdcmtk17 (dicom.dic) or set DCMDICTPATH");
  if (DcmTag(DCM_PatientName).getEVR() != EVR_PN ||
      DcmTag(DCM_RadiopharmaceuticalInformationSequence).getEVR() != EVR_SQ)
    throw std::runtime_error(
        "DCMTK's data dictionary is incomplete: DCMDICTPATH names something else than dicom.dic");

  // A parse error must be seen: an instance that was repaired in silence is not the one that was
  // sent.
  dcmIgnoreParsingErrors.set(OFFalse);
  // Odd lengths are read as they are (real files have them). With the correction on, DCMTK pads
  // such a value with one zero byte, so that what we write is valid; values of even length, pixel
  // data above all, keep every byte.
  dcmAcceptOddAttributeLength.set(OFTrue);
  dcmEnableAutomaticInputDataCorrection.set(OFTrue);
  // UN of undefined length holds Implicit VR Little Endian (PS3.5 6.2.2 note 4): the walker assumes
  // the same.
  dcmEnableCP246Support.set(OFTrue);
  // VRs are resolved by the de-identifier, by tag, not half-way by the parser.
  dcmEnableUnknownVRConversion.set(OFFalse);
  dcmPreferVRFromDataDictionary.set(OFFalse);
  dcmPreferLengthFieldSizeFromDataDictionary.set(OFFalse);
  dcmAcceptUnexpectedImplicitEncoding.set(OFFalse);
  dcmReplaceWrongDelimitationItem.set(OFFalse);
  dcmConvertUndefinedLengthOBOWtoSQ.set(OFFalse);
  dcmReadImplPrivAttribMaxLengthAsSQ.set(OFFalse);

  DcmRLEDecoderRegistration::registerCodecs();
  DJDecoderRegistration::registerCodecs();
  DJLSDecoderRegistration::registerCodecs();
  // No new SOP Instance UID; and pixel cells as they are, with whatever stands in unused bits: the
  // other way ("cooked") of JPEG-LS renders the image first.
  constexpr OFBool kNewUid = OFFalse;
  DcmRLEEncoderRegistration::registerCodecs(kNewUid);
  constexpr OFBool kCooked = OFFalse;
  DJLSEncoderRegistration::registerCodecs(0, 0, 0, 0, kCooked, 0, OFTrue, EJLSUC_never);
}

DcmtkRuntime::~DcmtkRuntime() {
  DJLSEncoderRegistration::cleanup();
  DcmRLEEncoderRegistration::cleanup();
  DJLSDecoderRegistration::cleanup();
  DJDecoderRegistration::cleanup();
  DcmRLEDecoderRegistration::cleanup();
  log::Logger::getRoot().removeAllAppenders();
}

void require(const OFCondition& condition, const char* what) {
  if (condition.bad()) throw std::runtime_error(std::string(what) + ": " + text_of(condition));
}

std::string text_of(const OFCondition& condition) {
  // Only texts that are constants of DCMTK: a text made at run time (`OF_failure` with an own
  // message) may quote a peer.
  static const OFConditionConst* const known[] = {&EC_InvalidTag,
                                                  &EC_TagNotFound,
                                                  &EC_InvalidVR,
                                                  &EC_InvalidStream,
                                                  &EC_EndOfStream,
                                                  &EC_CorruptedData,
                                                  &EC_IllegalCall,
                                                  &EC_SequEnd,
                                                  &EC_DoubledTag,
                                                  &EC_StreamNotifyClient,
                                                  &EC_ItemEnd,
                                                  &EC_CannotChangeRepresentation,
                                                  &EC_UndefinedLengthOBOW,
                                                  &EC_ElemLengthLargerThanItem,
                                                  &EC_ItemDelimitationItemMissing,
                                                  &EC_SequDelimitationItemMissing,
                                                  &EC_PrematureSequDelimitationItem,
                                                  &EC_SeqOrItemContentOverflow,
                                                  &EC_MemoryExhausted};
  for (const OFConditionConst* const constant : known)
    if (condition == *constant) return OFCondition(*constant).text();
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "DCMTK condition module=%u code=%u",
                static_cast<unsigned>(condition.module()), static_cast<unsigned>(condition.code()));
  return text.data();
}

}  // namespace dosigate

#include "dosigate/dicom/dcmtk.h"

#include <sstream>
#include <stdexcept>

#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/oflog/appender.h>
#include <dcmtk/oflog/oflog.h>
#include <dcmtk/oflog/spi/logevent.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

namespace dosigate {
namespace {

/// What spdlog's default logger writes while it lives.
class CapturedLog {
 public:
  CapturedLog() : before_(spdlog::default_logger()) {
    auto logger = std::make_shared<spdlog::logger>(
        "captured", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_));
    logger->set_level(spdlog::level::trace);
    spdlog::set_default_logger(logger);
  }
  ~CapturedLog() { spdlog::set_default_logger(before_); }
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;
  std::string text() {
    spdlog::default_logger()->flush();
    return text_.str();
  }

 private:
  std::ostringstream text_;
  std::shared_ptr<spdlog::logger> before_;
};

TEST(DcmtkRuntime, PassesOnThatDcmtkWarnedButNeverTheText) {
  CapturedLog log;

  DCMDATA_WARN("value MARKER^ONE is too long");

  EXPECT_NE(log.text().find("dcmtk noticed logger=dcmtk.dcmdata at=dcmtk_test.cpp:"),
            std::string::npos)
      << log.text();
  EXPECT_EQ(log.text().find("MARKER"), std::string::npos);
  EXPECT_EQ(log.text().find("too long"), std::string::npos);
}

/// Keeps the text that DCMTK wants to have logged.
class RawAppender : public dcmtk::log4cplus::Appender {
 public:
  explicit RawAppender(std::string& into) : into_(into) {}
  ~RawAppender() override { destructorImpl(); }
  void close() override { closed = true; }

 protected:
  void append(const dcmtk::log4cplus::spi::InternalLoggingEvent& event) override {
    into_ += event.getMessage().c_str();
  }

 private:
  std::string& into_;
};

TEST(DcmtkRuntime, ADataSetWhoseParsingMakesDcmtkQuoteItsBytesLeavesNoneInTheLog) {
  CapturedLog log;
  std::string raw;
  const dcmtk::log4cplus::SharedAppenderPtr control(new RawAppender(raw));
  dcmtk::log4cplus::Logger::getRoot().addAppender(control);
  // (0010,0010) in explicit VR little endian, whose VR is no VR but the beginning of a name.
  using namespace std::string_literals;
  const std::string bytes = "\x10\x00\x10\x00QZ\x04\x00NAME"s;
  DcmInputBufferStream stream;
  stream.setBuffer(bytes.data(), static_cast<offile_off_t>(bytes.size()));
  stream.setEos();
  DcmDataset data_set;
  data_set.transferInit();
  (void)data_set.read(stream, EXS_LittleEndianExplicit);
  data_set.transferEnd();
  dcmtk::log4cplus::Logger::getRoot().removeAppender(control);

  EXPECT_NE(raw.find("QZ"), std::string::npos) << "the control: DCMTK said " << raw;
  EXPECT_NE(log.text().find("dcmtk noticed logger=dcmtk."), std::string::npos) << log.text();
  EXPECT_EQ(log.text().find("QZ"), std::string::npos) << log.text();
  EXPECT_EQ(log.text().find("NAME"), std::string::npos) << log.text();
}

TEST(DcmtkRuntime, SaysTheSamePlaceOncePerMinute) {
  CapturedLog log;

  for (int i = 0; i < 100; ++i) DCMDATA_WARN("again");

  const std::string text = log.text();
  EXPECT_EQ(text.find("dcmtk noticed"), text.rfind("dcmtk noticed"));
  EXPECT_NE(text.find("dcmtk noticed"), std::string::npos);
}

TEST(DcmtkRuntime, DropsDebugAndInfo) {
  CapturedLog log;

  DCMDATA_DEBUG("MARKER");
  DCMDATA_INFO("MARKER");

  EXPECT_EQ(log.text(), "");
}

TEST(DcmtkRuntime, LoadsTheDictionary) {
  EXPECT_EQ(DcmTag(DCM_RadiopharmaceuticalInformationSequence).getEVR(), EVR_SQ);
}

TEST(DcmtkCondition, TextNeverQuotesWhatWasMadeAtRunTime) {
  EXPECT_EQ(text_of(EC_CorruptedData), "Corrupted data");
  EXPECT_EQ(text_of(OFCondition(OFM_dcmdata, 999, OF_error, "value MARKER^ONE")),
            "DCMTK condition module=1 code=999");
}

TEST(DcmtkCondition, IsThrownByRequireWithWhatFailed) {
  EXPECT_NO_THROW(require(EC_Normal, "encode"));
  try {
    require(EC_MemoryExhausted, "encode");
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("encode: ")) << error.what();
  }
}

}  // namespace
}  // namespace dosigate

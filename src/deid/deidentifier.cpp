#include "dosigate/deid/deidentifier.h"

#include "dosigate/deid/dates.h"
#include "dosigate/dicom/data_set.h"
#include "dosigate/dicom/walker.h"
#include "dosimetry_facts.h"
#include "fingerprint_inputs.h"
#include "holds.h"
#include "items.h"
#include "kept_lists.h"
#include "known_persons.h"
#include "leak_check.h"
#include "marking.h"
#include "pixel_comments.h"
#include "proof.h"
#include "rejection.h"
#include "revision.h"
#include "rules.h"
#include "source.h"
#include "subjects.h"
#include "tracing.h"
#include "un.h"
#include "walk.h"

#include <array>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace dosigate {

namespace {

/// A data set as it arrived, judged and parsed.
struct Opened {
  ElementShare elements;  ///< goes last
  const TransferSyntax* syntax;
  Bytes inflated;  ///< empty unless deflated
  ByteView bytes;  ///< what was judged
  std::optional<PassedPixels> pixels;
  ByteView value;                        ///< of the pixel data, when it is in the bytes
  std::unique_ptr<DcmDataset> data_set;  ///< without the pixel data
};

/// Parses what stands before and after the pixel data.
Result<std::unique_ptr<DcmDataset>> parse_around(const Opened& opened) {
  if (!opened.pixels) return parse_data_set(opened.bytes, *opened.syntax);
  const ByteView before = opened.bytes.first(opened.pixels->element.begin);
  const ByteView after = opened.bytes.subspan(opened.pixels->at + opened.value.size());
  if (after.empty()) return parse_data_set(before, *opened.syntax);
  Bytes both(before.begin(), before.end());
  both.insert(both.end(), after.begin(), after.end());
  return parse_data_set(both, *opened.syntax);
}

Result<Opened> open(const ReceivedInstance& received, const TransferSyntax& syntax,
                    std::size_t max_inflated, const std::shared_ptr<ElementBudget>& budget) {
  Opened out{ElementShare(budget), &syntax, {}, received.data_set, received.passed, {}, nullptr};
  if (!received.passed) {
    if (syntax.encoding == Encoding::DeflatedLittle) {
      auto inflated = inflate_data_set(received.data_set, max_inflated);
      if (!inflated) return inflated.error();
      out.inflated = std::move(*inflated);
      out.bytes = out.inflated;
    }
    WalkLimits limits;
    limits.elements = out.elements.left();
    const auto walked = walk_data_set(out.bytes, syntax.encoding, limits);
    if (!walked) return walked.error();
    if (walked->pixels.tag != 0) {
      const std::size_t length = walked->pixel_end - walked->pixel_begin;
      out.pixels = {walked->pixels, walked->pixel_begin, length, walked->elements};
      out.value = out.bytes.subspan(walked->pixel_begin, length);
    }
    if (const auto taken = out.elements.take(walked->elements); !taken) return taken.error();
  } else if (const auto taken = out.elements.take(received.passed->elements); !taken) {
    return taken.error();
  }
  // Else a reader takes the first bytes of the image for items.
  constexpr std::uint32_t kPixelData = 0x7FE00010;
  if (out.pixels && out.pixels->element.tag == kPixelData && out.pixels->length > 0 &&
      syntax.encapsulated && !out.pixels->element.encapsulated)
    return fail(Fault::NotDicom,
                "the data set does not parse: (7FE0,0010) is not encapsulated, as its transfer "
                "syntax demands");
  auto parsed = parse_around(out);
  if (!parsed) return parsed.error();
  out.data_set = std::move(*parsed);
  return out;
}

/// What mark() adds.
const std::array<DcmTagKey, 4> kMarking{DCM_PatientIdentityRemoved, DCM_DeidentificationMethod,
                                        DCM_DeidentificationMethodCodeSequence,
                                        DCM_LongitudinalTemporalInformationModified};

/// The data set must be the object that the command announced: pseudonyms, queue and answer go by
/// the command.
std::optional<Refused> wrong_identity(DcmItem& data_set, const ReceivedInstance& received) {
  const std::string sop_class = text_at(data_set, DCM_SOPClassUID),
                    sop_instance = text_at(data_set, DCM_SOPInstanceUID),
                    study = text_at(data_set, DCM_StudyInstanceUID),
                    series = text_at(data_set, DCM_SeriesInstanceUID);
  if (sop_instance.empty()) return Refused{Fault::NotDicom, "(0008,0018) is missing or empty"};
  if (study.empty()) return Refused{Fault::NotDicom, "(0020,000D) is missing or empty"};
  if (sop_class != trimmed(received.sop_class_uid))
    return Refused{Fault::Mismatch, "(0008,0016) is not the SOP class of the C-STORE command"};
  if (sop_instance != trimmed(received.sop_instance_uid.reveal()))
    return Refused{Fault::Mismatch, "(0008,0018) is not the SOP instance of the C-STORE command"};
  for (const auto& [tag, uid] : {std::pair(DCM_SOPInstanceUID, &sop_instance),
                                 {DCM_StudyInstanceUID, &study},
                                 {DCM_SeriesInstanceUID, &series}}) {
    if (uid->size() > 64)
      return Refused{Fault::NotDicom, tag_text(tag) + " has more than 64 bytes"};
  }
  return std::nullopt;
}

/// Computed before the birth date goes; only where the profile keeps the patient's characteristics
/// and the source says no age itself.
std::string missing_age(DcmItem& data_set, const Rules& rules) {
  if (!rules.options().retain_patient_characteristics) return {};
  if (const std::string said = text_at(data_set, DCM_PatientAge);
      !said.empty() && is_age_text(said))
    return {};
  for (const DcmTagKey& tag : {DCM_StudyDate, DCM_SeriesDate, DCM_AcquisitionDate}) {
    if (std::string date = text_at(data_set, tag); !date.empty())
      return age_at(text_at(data_set, DCM_PatientBirthDate), date);
  }
  return {};
}

/// Eight digits; empty when there is no birth date, or one of the study's own days: those move.
std::string birth_date_apart(DcmItem& data_set) {
  std::string birth_date = text_at(data_set, DCM_PatientBirthDate);
  std::erase(birth_date, '.');  // legacy DA
  if (birth_date.size() != 8) return {};
  for (const DcmTagKey& tag : {DCM_StudyDate, DCM_SeriesDate, DCM_AcquisitionDate}) {
    if (text_at(data_set, tag) == birth_date) return {};
  }
  return birth_date;
}

}  // namespace

struct Deidentifier::Impl {
  Impl(Settings settings, PseudonymMap& the_map)
      : rules(settings.profile),
        site(std::move(settings.site)),
        drop(std::move(settings.drop)),
        charset(std::move(settings.default_charset)),
        max_inflated(settings.max_inflated),
        elements(std::move(settings.elements)),
        new_devices(settings.new_devices),
        map(the_map) {
    load_kept_lists();
    load_content_tables();
    top_level_types({});
    if (!settings.profile.subjects().empty())
      rules_for_no_person.emplace(settings.profile.with_full_dates());
    const auto& more = settings.profile.drop();
    drop.insert(drop.end(), more.begin(), more.end());
  }

  Verdict clean(const ReceivedInstance& received, const Decision& decision, Trace* trace,
                PixelStream* passed) const {
    if (received.passed.has_value() != (passed != nullptr))
      throw std::logic_error("pixel data that passed, and nobody who saw them");
    const TransferSyntax* syntax = find_transfer_syntax(received.transfer_syntax_uid);
    if (syntax == nullptr)
      return Held{HoldReason::TransferSyntax, "the transfer syntax is not in the table"};
    if (syntax->referenced)
      return Held{HoldReason::TransferSyntax,
                  "the pixel data are elsewhere, under a URL of the hospital"};
    auto opened = open(received, *syntax, max_inflated, elements);
    if (!opened) return Refused{opened.error().fault, opened.error().detail};
    DcmDataset& data_set = *opened->data_set;
    // Before anything is read: a BurnedInAnnotation sent as UN says YES all the same.
    if (const auto resolved = resolve_unknowns(data_set, rules, opened->elements); !resolved)
      return Refused{resolved.error().fault, resolved.error().detail};
    if (auto refused = wrong_identity(data_set, received)) return std::move(*refused);
    if (const DropRule* rule = matching_drop_rule(drop, data_set, trimmed(received.sop_class_uid)))
      return Dropped{rule->text};
    if (auto held = hold_by_content(data_set, trimmed(received.sop_class_uid), decision,
                                    rules.options().clean_structured_content))
      return std::move(*held);

    auto source = source_identity(data_set, charset);
    if (!source) return Held{HoldReason::CharacterSet, source.error().detail};
    auto subject = map.resolve(site, *source, new_devices);
    if (!subject) {
      if (subject.error().fault == Fault::Uncertain)
        return Held{HoldReason::PatientInDoubt, subject.error().detail};
      return Refused{subject.error().fault, subject.error().detail};
    }
    if (new_devices == NewDevices::Hold && subject->device != 0 && !subject->device_accepted)
      return Held{HoldReason::NewDevice, subject->device_label + ", epoch " +
                                             std::to_string(subject->device_epoch) +
                                             ": a camera or software that nobody has accepted yet"};
    const bool is_person = subject_of(rules.profile(), *source) == nullptr;
    std::optional<PixelStream> here;
    if (opened->pixels && passed == nullptr) {
      here.emplace(map.pixel_key(), data_set, opened->pixels->element, *syntax);
      here->add(opened->value);
      passed = &*here;
    }
    Verdict verdict = clean_for(*subject, received, *opened, passed,
                                is_person ? rules : *rules_for_no_person, decision.revision, trace);
    if (auto* held = std::get_if<Held>(&verdict)) held->pseudonym = subject->pseudonym;
    return verdict;
  }

  Result<SourceIdentity> identity_of(const ReceivedInstance& received) const {
    const TransferSyntax* syntax = find_transfer_syntax(received.transfer_syntax_uid);
    if (syntax == nullptr) return fail(Fault::Uncertain, "the transfer syntax is not in the table");
    auto opened = open(received, *syntax, max_inflated, elements);
    if (!opened) return opened.error();
    if (const auto resolved = resolve_unknowns(*opened->data_set, rules, opened->elements);
        !resolved)
      return resolved.error();
    return source_identity(*opened->data_set, charset);
  }

  Verdict clean_for(const Subject& subject, const ReceivedInstance& received, Opened& opened,
                    PixelStream* pixels, const Rules& rules_of_subject, std::uint32_t revision,
                    Trace* trace) const {
    DcmDataset& data_set = *opened.data_set;
    const Options& options = rules_of_subject.options();
    Identifying identifying = collect_identifying(data_set, charset);
    const auto person = persons.of(identifying.identifiers);
    const Fingerprint fingerprint = fingerprint_of(data_set, pixels, *subject.salt);
    const bool positions_matter =
        options.clean_structured_content && has_references_by_position(data_set);
    if (options.clean_structured_content) prune_content(data_set, options, positions_matter, trace);
    const Proof proof(data_set, rules_of_subject);
    const std::string age = missing_age(data_set, rules_of_subject),
                      birth_date = birth_date_apart(data_set);

    const std::string sop_class = std::string(trimmed(received.sop_class_uid)),
                      source_sop_uid = std::string(trimmed(received.sop_instance_uid.reveal())),
                      source_series_uid = text_at(data_set, DCM_SeriesInstanceUID);
    const auto version = [&](std::uint32_t number) {
      return version_uids(subject, options.retain_uids, number, source_sop_uid, source_series_uid);
    };
    const VersionUids sent = version(revision);

    UidMapper uids(subject, options.retain_uids);
    if (revision > 0) uids.go_out_as(source_sop_uid, sent.sop);
    Walk walk({rules_of_subject, subject, uids, person->cleaner, sop_class, birth_date,
               positions_matter, trace});
    if (const auto walked = walk.clean(data_set); !walked)
      return Refused{walked.error().fault, walked.error().detail};
    if (revision > 0) {
      // Under Retain UIDs the walk has left it as it came.
      put_text(data_set, DCM_SOPInstanceUID, EVR_UI, sent.sop);
      if (!source_series_uid.empty())
        put_text(data_set, DCM_SeriesInstanceUID, EVR_UI, sent.series);
      uids.remember(source_series_uid, sent.series);
      name_predecessor(data_set, sop_class, version(revision - 1));
    }
    mark(data_set, rules_of_subject, subject, age);
    if (trace != nullptr) {
      if (opened.pixels) trace_pixels(*trace, *opened.pixels);
      for (const DcmTagKey& tag : kMarking) trace_added(*trace, data_set, tag);
    }

    if (auto held = proof.check(data_set, subject.offset)) return std::move(*held);
    const std::string sop_uid = text_at(data_set, DCM_SOPInstanceUID),
                      study_uid = text_at(data_set, DCM_StudyInstanceUID);
    if (!options.retain_uids && study_uid != subject.study_uid)
      return Held{HoldReason::Proof, "(0020,000D) is not the study UID of the map"};
    if (sop_uid != sent.sop)
      return Held{HoldReason::Proof, "(0008,0018) is not the UID of this instance"};
    if (options.retain_uids) identifying.uids.clear();
    if (auto held = find_leak(data_set, person->terms, identifying.uids, rules_of_subject, charset))
      return std::move(*held);
    if (pixels != nullptr) {
      if (auto held = find_leak_in_comments(pixels->comments(), person->terms, identifying.uids))
        return std::move(*held);
    }

    EncodedDataSet encoded;
    try {
      encoded = encode(data_set, opened);
    } catch (const std::system_error&) {
      throw;  // a broken machine
    } catch (const std::runtime_error& cannot) {
      return Held{HoldReason::Proof,
                  std::string("the cleaned data set cannot be written: ") + cannot.what()};
    }
    const bool as_computed = revision == 0 && !options.retain_uids;
    PairBatch memory{
        subject.study,
        as_computed ? sent.sop : map_uid(*subject.salt, subject.uid_revision, source_sop_uid),
        fingerprint, uids.pairs(), revision};
    memory.sop_class_uid = sop_class;
    if (!options.retain_uids || revision > 0) {  // the map has no UID of the source in clear
      memory.sent_uid = sent.sop;
      memory.series_uid = sent.series;
    }
    const WalkCounts& counts = walk.counts();
    return Cleaned{seal(received, opened, subject, study_uid, sop_uid, std::move(encoded),
                        dosimetry_facts(data_set, subject)),
                   std::move(memory),
                   counts.dates_emptied,
                   counts.type_blind,
                   {counts.removed_creators.begin(), counts.removed_creators.end()},
                   subject.device,
                   read_rejection(data_set, sop_class)};
  }

  /// Around the value of the pixel data, which is the body.
  static EncodedDataSet encode(DcmDataset& data_set, const Opened& opened) {
    if (!opened.pixels) return encode_data_set(data_set, *opened.syntax);
    const PassedPixels& pixels = *opened.pixels;
    EncodedDataSet out =
        encode_around(data_set, *opened.syntax, pixels.element, pixels.length, opened.value);
    return out;
  }

  /// As it came; only a native value of odd length gets the byte that makes it even.
  static void set_body(CleanInstance& instance, const Opened& opened) {
    if (!opened.pixels || opened.syntax->encoding == Encoding::DeflatedLittle) return;
    instance.body_ = opened.value;
    if (opened.pixels->element.encapsulated || opened.pixels->length % 2 == 0) return;
    Bytes even(opened.value.begin(), opened.value.end());
    even.push_back(0);
    const auto owned = std::make_shared<const Bytes>(std::move(even));
    instance.body_ = *owned;
    instance.owner_ = owned;
  }

  static CleanInstance seal(const ReceivedInstance& received, const Opened& opened,
                            const Subject& subject, const std::string& study_uid,
                            const std::string& sop_uid, EncodedDataSet encoded, std::string facts) {
    CleanInstance instance;
    if (received.passed) instance.passed_length_ = received.passed->length;
    instance.sop_class_uid_ = trimmed(received.sop_class_uid);
    instance.sop_instance_uid_ = sop_uid;
    instance.study_instance_uid_ = study_uid;
    instance.transfer_syntax_uid_ = trimmed(received.transfer_syntax_uid);
    instance.pseudonym_ = subject.pseudonym;
    instance.header_ = std::move(encoded.header);
    set_body(instance, opened);
    instance.trailer_ = std::move(encoded.trailer);
    instance.facts_ = std::move(facts);
    return instance;
  }

  Rules rules;
  std::optional<Rules> rules_for_no_person;  ///< where the profile names such subjects
  SitePolicy site;
  std::vector<DropRule> drop;
  std::string charset;
  std::size_t max_inflated;
  std::shared_ptr<ElementBudget> elements;
  NewDevices new_devices;
  PseudonymMap& map;
  /// Locks itself. The words are those of rules_for_no_person as well.
  mutable KnownPersons persons{rules.profile().words(), charset};
};

Deidentifier::Deidentifier(Settings settings, PseudonymMap& map)
    : impl_(std::make_unique<Impl>(std::move(settings), map)) {}
Deidentifier::~Deidentifier() = default;

const Profile& Deidentifier::profile() const { return impl_->rules.profile(); }

Verdict Deidentifier::clean(const ReceivedInstance& received, const Decision& decision,
                            Trace* trace, PixelStream* pixels) const {
  return impl_->clean(received, decision, trace, pixels);
}

Verdict Deidentifier::clean(ReceivedInstance&& received, const Decision& decision, Trace* trace,
                            PixelStream* pixels) const {
  const auto kept = std::make_shared<const ReceivedInstance>(std::move(received));
  Verdict verdict = clean(*kept, decision, trace, pixels);
  if (auto* cleaned = std::get_if<Cleaned>(&verdict); cleaned && !cleaned->instance.owner_)
    cleaned->instance.owner_ = kept;
  return verdict;
}

Result<SourceIdentity> Deidentifier::identity_of(const ReceivedInstance& received) const {
  return impl_->identity_of(received);
}

}  // namespace dosigate

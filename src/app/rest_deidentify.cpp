#include "rest_deidentify.h"

#include <algorithm>
#include <map>
#include <set>

#include <boost/json.hpp>

#include "answer_shape.h"
#include "dosigate/dicom/data_set.h"
#include "dosigate/dosimetry/report.h"
#include "patient_facts.h"
#include "rest_body.h"
#include "rest_report.h"
#include "uploaded_instance.h"

namespace dosigate {
namespace {

namespace json = boost::json;

/// Copies on their way to the client. Whatever ends the request before they are his is on record.
class Underway {
 public:
  explicit Underway(Ingest& ingest) : ingest_(ingest) {}
  ~Underway() {
    try {
      ingest_.given(ids_, DeliveryState::Withdrawn);
    } catch (const std::exception&) {
      // The disk, then: the next start puts it right (Ingest::forget_unanswered).
    }
  }
  Underway(const Underway&) = delete;
  Underway& operator=(const Underway&) = delete;
  void add(const InstanceId& id) { ids_.push_back(id); }
  bool empty() const { return ids_.empty(); }
  /// Before the first byte of them leaves.
  void delivered() {
    ingest_.given(ids_, DeliveryState::Delivered);
    ids_.clear();
  }

 private:
  Ingest& ingest_;
  std::vector<InstanceId> ids_;
};

/// The body of one DICOM file, without anything around it.
class Single final : public AnswerShape {
 public:
  explicit Single(Sink sink) : sink_(std::move(sink)) {}
  std::string content_type() const override { return "application/dicom"; }
  void file(const std::string&, std::string_view, std::uint64_t) override {}
  void write(ByteView bytes) override { sink_(bytes); }
  void end() override {}

 private:
  const Sink sink_;
};

std::unique_ptr<AnswerShape> shape_of(RestOrder::Shape shape, AnswerShape::Sink sink) {
  switch (shape) {
    case RestOrder::Shape::Multipart:
      return multipart_answer(std::move(sink));
    case RestOrder::Shape::Zip:
      return zip_answer(std::move(sink));
    case RestOrder::Shape::Single:
      break;
  }
  return std::make_unique<Single>(std::move(sink));
}

std::string name_of(const CleanInstance& instance) {
  return instance.pseudonym() + "/" + instance.study_instance_uid() + "/" +
         instance.sop_instance_uid() + ".dcm";
}

void put(AnswerShape& into, const CleanInstance& instance, RestBody* large) {
  const Bytes meta = part10_header(instance.sop_class_uid(), instance.sop_instance_uid(),
                                   instance.transfer_syntax_uid());
  into.file(name_of(instance), "application/dicom",
            meta.size() + instance.header().size() + instance.passed_length() +
                instance.body().size() + instance.trailer().size());
  into.write(meta);
  into.write(instance.header());
  if (large != nullptr) {
    const auto passed = large->put_aside()->read([&](ByteView piece) {
      into.write(piece);
      return true;
    });
    if (!passed) throw std::runtime_error("pixel data put aside: " + passed.error().detail);
  }
  into.write(instance.body());
  into.write(instance.trailer());
}

class Request {
 public:
  Request(const RestParts& parts, const RestOrder& order, Answers::Draft draft)
      : parts_(parts),
        order_(order),
        draft_(std::move(draft)),
        shape_(shape_of(order.shape, [this](ByteView bytes) { draft_.write(bytes); })),
        begin_(rest_bodies(parts.map.pixel_key(), &parts.answers)),
        underway_(parts.ingest) {}

  Result<void> take(Upload& upload) {
    for (;;) {
      const auto another = upload.next();
      if (!another) return another.error();
      if (!*another) return {};
      auto file = read_uploaded(upload, parts_.server, order_.origin, begin_);
      if (!file) return file.error();
      report_.add(one(*file));
    }
  }

  ApiResponse answer(const std::string& request) {
    json::object report = report_.whole(order_, studies());
    if (underway_.empty()) return nothing_done(std::move(report));
    Answers::Head head{200, shape_->content_type(), {}, request};
    if (order_.shape == RestOrder::Shape::Single) {
      head.headers.emplace_back("Dosigate-Report", header_text(report));
    } else {
      const std::string text = json::serialize(report) + "\n";
      shape_->file("report.json", "application/json", text.size());
      shape_->write(as_bytes(text));
    }
    shape_->end();
    ApiResponse out;
    out.stream = draft_.finish(head);
    out.content_type = head.content_type;
    out.headers = head.headers;
    underway_.delivered();
    draft_.keep();  // before, it would give again what the ledger calls withdrawn after a crash
    return out;
  }

 private:
  json::object one(UploadedFile& file) {
    if (const auto* none = std::get_if<NotAnInstance>(&file))
      return {{"outcome", "not-dicom"}, {"reason", none->why}};
    if (const auto* refused = std::get_if<Refused>(&file)) {
      parts_.ledger.refused(fault_word(refused->fault));
      return json_of_verdict(*refused, {});
    }
    auto& uploaded = std::get<UploadedInstance>(file);
    auto* const large = static_cast<RestBody*>(uploaded.arrived.passage.get());
    const InstanceId id = random_id();
    Trace trace;
    const Verdict verdict =
        parts_.ingest.give_back(id, uploaded.arrived.instance, *order_.route, *order_.engine,
                                large != nullptr ? &large->seen() : nullptr, trace);
    json::object row = json_of_verdict(verdict, trace);
    if (const auto* cleaned = std::get_if<Cleaned>(&verdict)) {
      const CleanInstance& instance = cleaned->instance;
      underway_.add(id);
      if (given_.insert(instance.sop_instance_uid()).second) {
        put(*shape_, instance, large);
        patients_[instance.pseudonym()].insert(instance.study_instance_uid());
        if (order_.shape == RestOrder::Shape::Zip) row["file"] = name_of(instance);
      } else {
        row["outcome"] = "same-again";
      }
    }
    return row;
  }

  /// Readiness of the studies that are in the answer, with what came of them before.
  json::array studies() const {
    json::array out;
    for (const auto& [pseudonym, uids] : patients_) {
      const PatientFacts facts = patient_facts(parts_.ledger, pseudonym);
      for (const auto& uid : uids) {
        const json::object whole = patient_report(facts, kInjectionTolerance, uid);
        for (const auto& study : whole.at("studies").as_array()) {
          json::array findings;
          for (const auto& finding : study.at("findings").as_array())
            findings.push_back(finding.at("code"));
          out.push_back(json::object{{"study_uid", uid},
                                     {"pseudonym", pseudonym},
                                     {"readiness", study.at("readiness")},
                                     {"findings", std::move(findings)}});
        }
      }
    }
    return out;
  }

  const RestParts& parts_;
  const RestOrder& order_;
  Answers::Draft draft_;
  std::unique_ptr<AnswerShape> shape_;
  const AssociationServer::Begin begin_;
  Underway underway_;
  RestReport report_;
  std::set<std::string> given_;                            ///< SOP Instance UIDs of ours
  std::map<std::string, std::set<std::string>> patients_;  ///< studies by pseudonym
};

}  // namespace

ApiResponse deidentify(const RestParts& parts, const RestOrder& order, Upload& upload,
                       Answers::Draft draft, const std::function<std::string()>& request) {
  Request work(parts, order, std::move(draft));
  if (const auto taken = work.take(upload); !taken) return upload_problem(taken.error());
  return work.answer(request());
}

}  // namespace dosigate

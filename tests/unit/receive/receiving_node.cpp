#include "receiving_node.h"

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dctk.h>

#include "dosigate/base/durable_file.h"

namespace dosigate::testing {

using namespace std::chrono_literals;

InstanceFile write_ct(const std::filesystem::path& directory, unsigned number, std::uint16_t size) {
  InstanceFile file;
  file.path = directory / ("ct" + std::to_string(number) + ".dcm");
  file.sop_instance_uid = "2.25.100" + std::to_string(number);
  DcmFileFormat format;
  DcmDataset& set = *format.getDataset();
  set.putAndInsertString(DCM_SOPClassUID, kCtStorage);
  set.putAndInsertString(DCM_SOPInstanceUID, file.sop_instance_uid.c_str());
  set.putAndInsertString(DCM_StudyInstanceUID, "2.25.1");
  set.putAndInsertString(DCM_SeriesInstanceUID, "2.25.2");
  set.putAndInsertString(DCM_Modality, "CT");
  set.putAndInsertString(DCM_PatientID, "MADE-UP");
  set.putAndInsertString(DCM_InstanceNumber, std::to_string(number).c_str());
  set.putAndInsertUint16(DCM_Rows, size);
  set.putAndInsertUint16(DCM_Columns, size);
  set.putAndInsertUint16(DCM_BitsAllocated, 16);
  set.putAndInsertUint16(DCM_BitsStored, 16);
  set.putAndInsertUint16(DCM_HighBit, 15);
  set.putAndInsertUint16(DCM_PixelRepresentation, 0);
  set.putAndInsertUint16(DCM_SamplesPerPixel, 1);
  set.putAndInsertString(DCM_PhotometricInterpretation, "MONOCHROME2");
  std::vector<Uint16> pixels(std::size_t{size} * size);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<Uint16>(i * 31 + number);
  set.putAndInsertUint16Array(DCM_PixelData, pixels.data(), pixels.size());
  const OFCondition saved = format.saveFile(file.path.c_str(), EXS_LittleEndianExplicit,
                                            EET_ExplicitLength, EGL_withoutGL, EPD_withoutPadding);
  if (saved.bad()) throw std::runtime_error(saved.text());

  // Preamble, "DICM", then (0002,0000) UL with the length of what follows it in group 2.
  const Bytes bytes = read_file(file.path);
  const std::size_t meta = bytes.at(140) | std::size_t{bytes.at(141)} << 8U;
  file.data_set.assign(bytes.begin() + static_cast<std::ptrdiff_t>(144 + meta), bytes.end());
  return file;
}

ReceivingNode::ReceivingNode(AssociationServer::Settings settings, AssociationServer::Handle handle,
                             AssociationServer::Begin begin) {
  settings.ae_title = "DOSIGATE";
  server_ = std::make_unique<AssociationServer>(
      settings,
      [](const Origin& origin) -> Admitted {
        if (origin.called_ae != "DOSIGATE") return {Admission::CalledAeUnknown, {}};
        if (origin.calling_ae == "STRANGER") return {Admission::CallingAeUnknown, {}};
        return {Admission::Accept, "test-route"};
      },
      [this, handle](ReceivedInstance instance) {
        if (handle) return handle(std::move(instance));
        const std::lock_guard lock(mutex_);
        received_.push_back(std::move(instance));
        changed_.notify_all();
        return AssociationServer::Answer{0x0000, {}};
      },
      [this](const Origin& origin, const std::string& reason) {
        const std::lock_guard lock(mutex_);
        refusals_.push_back({origin, reason});
        changed_.notify_all();
      },
      nullptr, std::move(begin));
  Acceptor::Settings accept;
  accept.listen = {"0.0.0.0:0"};  // so that peers may have several addresses
  server_->decide_at(accept);
  acceptor_ = std::make_unique<Acceptor>(
      io_, accept, [this](IncomingAssociation incoming) { server_->take(std::move(incoming)); });
  const std::string endpoint = acceptor_->endpoints().at(0);
  port_ = static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
  thread_ = std::thread([this] { io_.run(); });
}

ReceivingNode::~ReceivingNode() {
  acceptor_->stop();
  io_.stop();
  thread_.join();
  server_.reset();
}

std::vector<ReceivedInstance>& ReceivingNode::received(std::size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, 5s, [&] { return received_.size() >= count; });
  return received_;
}

std::vector<ReceivingNode::Refusal> ReceivingNode::refusals(std::size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, 5s, [&] { return refusals_.size() >= count; });
  return refusals_;
}

bool ReceivingNode::eventually(const std::function<bool()>& condition,
                               std::chrono::milliseconds deadline) {
  const auto until = std::chrono::steady_clock::now() + deadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

}  // namespace dosigate::testing

// Sends generated images by C-STORE, one after the other on each association, and says how long it
// waited for the answers: JSON on standard output. With --log a line for each instance:
//   LAST_BYTE_OUT ANSWERED UID     (ns)
//   bench_load PORT [options]

#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "bench/load_images.h"
#include "bench/wire.h"
#include "support/raw_scu.h"

namespace dosigate::bench {
namespace {

struct Settings {
  std::string host = "127.0.0.1", called = "DOSIGATE";
  std::uint16_t port = 0;
  unsigned associations = 4;
  unsigned interval_ms = 0;
  std::string log;
};

struct Sent {
  std::uint64_t last_out, answered;
  std::string sop_instance;
};

struct Result {
  std::vector<Sent> sent;
  std::uint64_t bytes = 0, failed = 0;
  std::uint64_t begun = 0, ended = 0;
};

/// One C-STORE; the memory that it needs for the heads of PDUs is kept.
class Storer {
 public:
  explicit Storer(int socket) : socket_(socket) { heads_.reserve(kHeads * kPduHead * 2 + 4096); }

  void send(Byte context, std::uint16_t message, const Image& image) {
    const Bytes command =
        testing::RawScu::store_command(image.sop_class, image.sop_instance, message);
    start_batch();
    add_head([&] { put_pdv_head(heads_, context, true, true, command.size()); });
    pieces_.push_back(piece(command));
    next_ = 0;
    at_ = 0;
    part_ = image.header;
    for (std::uint64_t left = image.size; left > 0;) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left, kMaxPdu - kPdvHead));
      left -= size;
      add_head([&] { put_pdv_head(heads_, context, false, left == 0, size); });
      add_data(image, size);
      if (++pdus_ == kHeads || left == 0) {
        send_all(socket_, pieces_);
        start_batch();
      }
    }
  }

 private:
  static constexpr std::size_t kHeads = 16;  // PDUs in one system call

  void start_batch() {
    pieces_.clear();
    heads_.clear();
    pdus_ = 0;
  }
  template <class Put>
  void add_head(Put put) {
    const std::size_t at = heads_.size();
    put();
    pieces_.push_back(piece(ByteView(heads_).subspan(at)));
  }
  void add_data(const Image& image, std::size_t size) {
    while (size > 0) {
      while (part_.empty()) part_ = image.rest[next_++];
      const ByteView taken = part_.first(std::min(size, part_.size()));
      pieces_.push_back(piece(taken));
      part_ = part_.subspan(taken.size());
      size -= taken.size();
    }
  }

  int socket_;
  Bytes heads_;  ///< never grows beyond what is reserved: pieces point into it
  std::vector<iovec> pieces_;
  std::size_t pdus_ = 0, next_ = 0, at_ = 0;
  ByteView part_;
};

Result run_association(const Settings& settings, const ImageMaker& maker, std::uint64_t first,
                       std::uint64_t end) {
  const FileDescriptor socket = connect_to(settings.host, settings.port);
  PduReader reader(socket.get());
  const Contexts contexts = associate(socket.get(), reader, settings.called, "LOAD",
                                      {{maker.sop_class(), maker.transfer_syntax()}});
  if (contexts.empty()) throw std::runtime_error("the context was not accepted");
  Storer storer(socket.get());
  Result result;
  Image image;
  result.begun = now_ns();
  for (std::uint64_t number = first; number < end; ++number) {
    maker.make(number, image);
    storer.send(contexts.begin()->first, static_cast<std::uint16_t>(number % 60'000 + 1), image);
    const std::uint64_t last_out = now_ns();
    const auto answer = reader.next();
    if (!answer || (*answer)[0] != 4) throw std::runtime_error("the association has ended");
    result.sent.push_back({last_out, now_ns(), image.sop_instance});
    result.bytes += image.size;
    if (read_command(pdvs_of(*answer).front().data).status != 0) ++result.failed;
    if (settings.interval_ms > 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(settings.interval_ms));
  }
  result.ended = now_ns();
  const Bytes release = release_pdu(5);
  send_all(socket.get(), {piece(release)});
  reader.next();
  return result;
}

double percentile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  return sorted[std::min(sorted.size() - 1,
                         static_cast<std::size_t>(share * static_cast<double>(sorted.size())))];
}

/// Of the image with that number; all encapsulated ones of a load have the same.
std::uint64_t tail_of(const ImageMaker& maker, std::uint64_t number) {
  Image image;
  maker.make(number, image);
  Tail tail;
  for (const ByteView part : image.rest) tail.add(part);
  return tail.take();
}

void report(const std::vector<Result>& results, const std::string& log, const ImageMaker& maker) {
  std::vector<double> waits;
  std::uint64_t bytes = 0, failed = 0, begun = UINT64_MAX, ended = 0;
  const FileDescriptor out(
      log.empty() ? -1 : ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  for (const Result& result : results) {
    bytes += result.bytes;
    failed += result.failed;
    begun = std::min(begun, result.begun);
    ended = std::max(ended, result.ended);
    for (const Sent& sent : result.sent) {
      waits.push_back(static_cast<double>(sent.answered - sent.last_out) / 1e6);
      if (out)
        ::dprintf(out.get(), "%lu %lu %s\n", sent.last_out, sent.answered,
                  sent.sop_instance.c_str());
    }
  }
  std::ranges::sort(waits);
  std::printf(
      "{\"instances\":%zu,\"failed\":%lu,\"bytes\":%lu,\"begun_ns\":%lu,\"ended_ns\":%lu,"
      "\"wait_p50_ms\":%.3f,\"wait_p99_ms\":%.3f,\"wait_max_ms\":%.3f,\"syntax\":\"%s\","
      "\"tail\":\"%016lx\"}\n",
      waits.size(), failed, bytes, begun, ended, percentile(waits, 0.5), percentile(waits, 0.99),
      waits.empty() ? 0 : waits.back(), maker.transfer_syntax().c_str(), tail_of(maker, 0));
}

int run(int argc, char** argv) {
  Settings settings;
  ImageOptions images;
  CLI::App app{"Sends images of invented patients as fast as they are answered"};
  app.add_option("port", settings.port)->required();
  app.add_option("--host", settings.host)->capture_default_str();
  app.add_option("--called", settings.called)->capture_default_str();
  app.add_option("--associations", settings.associations)->capture_default_str();
  app.add_option("--interval-ms", settings.interval_ms, "pause after each answer");
  app.add_option("--log", settings.log, "a line for each instance");
  app.add_option("--count", images.count, "instances in all")->capture_default_str();
  app.add_option("--matrix", images.matrix, "rows and columns")->capture_default_str();
  app.add_option("--frames", images.frames)->capture_default_str();
  app.add_option("--syntax", images.syntax, "native, rle, jpeg, jpeg-ls, j2k or htj2k")
      ->capture_default_str();
  app.add_option("--patients", images.patients)->capture_default_str();
  app.add_option("--studies", images.studies, "of each patient")->capture_default_str();
  app.add_option("--seed", images.seed, "another one, other UIDs")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  const ImageMaker maker(images);
  const unsigned n = settings.associations;
  std::vector<Result> results(n);
  std::vector<std::string> errors(n);
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < n; ++i) {
      threads.emplace_back([&, i] {
        try {
          results[i] =
              run_association(settings, maker, images.count * i / n, images.count * (i + 1) / n);
        } catch (const std::exception& error) {
          errors[i] = error.what();
        }
      });
    }
  }
  for (const std::string& error : errors)
    if (!error.empty()) throw std::runtime_error(error);
  report(results, settings.log, maker);
  return 0;
}

}  // namespace
}  // namespace dosigate::bench

int main(int argc, char** argv) try {
  return dosigate::bench::run(argc, argv);
} catch (const std::exception& error) {
  std::fprintf(stderr, "load: %s\n", error.what());
  return 1;
}

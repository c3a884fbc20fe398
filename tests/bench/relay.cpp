// A plain store-and-forward relay: what a DICOM node costs that looks at nothing. Each instance is
// written once as it arrives, flushed every 512 KiB and at its end, answered, then read and sent
// once over a kept-open association, and removed. The denominator of ./dev bench.
//   bench_relay PORT ARCHIVE_PORT DIRECTORY [--associations N]

#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <exception>
#include <filesystem>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include <CLI/CLI.hpp>

#include "bench/wire.h"
#include "support/raw_scu.h"

namespace dosigate::bench {
namespace {

constexpr std::size_t kFlush = 512U << 10U;

struct Job {
  std::filesystem::path path;
  std::size_t size = 0;
  Context context;
  std::string sop_instance;
};

class Queue {
 public:
  void put(Job job) {
    {
      const std::lock_guard lock(mutex_);
      jobs_.push_back(std::move(job));
    }
    there_.notify_one();
  }
  Job take() {
    std::unique_lock lock(mutex_);
    there_.wait(lock, [&] { return !jobs_.empty(); });
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    return job;
  }

 private:
  std::mutex mutex_;
  std::condition_variable there_;
  std::deque<Job> jobs_;
};

/// The file of the instance that is arriving.
class Arriving {
 public:
  explicit Arriving(const std::filesystem::path& directory)
      : path_(directory / std::to_string(++count_)), file_(create_new_file(path_)) {}
  void write(ByteView bytes) {
    write_all(file_.get(), bytes, path_);
    size_ += bytes.size();
    if (size_ - flushed_ >= kFlush) flush();
  }
  void flush() {
    sync_data(file_.get(), path_);
    flushed_ = size_;
  }
  const std::filesystem::path& path() const { return path_; }
  std::size_t size() const { return size_; }

 private:
  static inline std::atomic<std::uint64_t> count_{0};
  std::filesystem::path path_;
  FileDescriptor file_;
  std::size_t size_ = 0, flushed_ = 0;
};

void receive(FileDescriptor socket, const std::filesystem::path& directory, Queue& queue) {
  PduReader reader(socket.get());
  const auto request = reader.next();
  if (!request) return;
  Contexts contexts;
  const Bytes accepted = accept_all(*request, contexts);
  send_all(socket.get(), {piece(accepted)});

  Bytes command;
  std::optional<Arriving> file;
  while (const auto pdu = reader.next()) {
    if ((*pdu)[0] == 5) {
      const Bytes answer = release_pdu(6);
      send_all(socket.get(), {piece(answer)});
    }
    if ((*pdu)[0] != 4) return;
    for (const Pdv& pdv : pdvs_of(*pdu)) {
      if (pdv.command) {
        command.insert(command.end(), pdv.data.begin(), pdv.data.end());
        continue;
      }
      if (!file) file.emplace(directory);
      file->write(pdv.data);
      if (!pdv.last) continue;
      file->flush();
      const Command asked = read_command(command);
      const Bytes answer = response_to(asked, pdv.context);
      send_all(socket.get(), {piece(answer)});
      queue.put({file->path(), file->size(), contexts[pdv.context], asked.sop_instance});
      file.reset();
      command.clear();
    }
  }
}

/// One of the kept-open associations to the archive.
class Sender {
 public:
  explicit Sender(std::uint16_t port) : port_(port) {}

  void send(const Job& job) {
    const Byte context = context_for(job.context);
    const FileDescriptor file = open_for_reading(job.path);
    const Bytes command = testing::RawScu::store_command(job.context.sop_class, job.sop_instance);
    Bytes heads;
    put_pdv_head(heads, context, true, true, command.size());
    heads.insert(heads.end(), command.begin(), command.end());
    off_t at = 0;
    const auto end = static_cast<off_t>(job.size);
    while (at < end) {
      const auto size =
          std::min<std::size_t>(kMaxPdu - kPdvHead, static_cast<std::size_t>(end - at));
      const off_t until = at + static_cast<off_t>(size);
      put_pdv_head(heads, context, false, until == end, size);
      send_all(socket_.get(), {piece(heads)}, true);
      heads.clear();
      while (at < until) {  // from the page cache: no copy of ours
        if (::sendfile(socket_.get(), file.get(), &at, static_cast<std::size_t>(until - at)) <= 0)
          throw std::runtime_error("the archive is gone");
      }
    }
    if (!reader_->next()) throw std::runtime_error("the archive does not answer");
    std::filesystem::remove(job.path);
  }

 private:
  /// Proposes what it has seen so far; an association ends when it lacks something.
  Byte context_for(const Context& wanted) {
    for (const auto& [id, context] : contexts_) {
      if (context.sop_class == wanted.sop_class && context.syntax == wanted.syntax) return id;
    }
    seen_.push_back(wanted);
    socket_ = connect_to("127.0.0.1", port_);
    reader_.emplace(socket_.get());
    contexts_ = associate(socket_.get(), *reader_, "SINK", "RELAY", seen_);
    return contexts_.rbegin()->first;
  }

  std::uint16_t port_;
  FileDescriptor socket_;
  std::optional<PduReader> reader_;
  std::vector<Context> seen_;
  Contexts contexts_;
};

int run(int argc, char** argv) {
  std::uint16_t port = 0, archive_port = 0;
  std::string directory;
  unsigned associations = 4;
  CLI::App app{"Receives, writes once, flushes, sends once"};
  app.add_option("port", port)->required();
  app.add_option("archive_port", archive_port)->required();
  app.add_option("directory", directory)->required();
  app.add_option("--associations", associations, "to the archive")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  std::filesystem::create_directories(directory);

  Queue queue;
  const auto guarded = [](auto&& work) {
    try {
      work();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "relay: %s\n", error.what());
    }
  };
  // Until it is killed: no thread has anything that has to be put in order.
  for (unsigned i = 0; i < associations; ++i) {
    std::thread([&] {
      guarded([&] {
        for (Sender sender(archive_port);;) sender.send(queue.take());
      });
    }).detach();
  }
  const FileDescriptor listener = listen_on(port);
  for (;;) {
    std::thread([&, socket = accept_from(listener)]() mutable {
      guarded([&] { receive(std::move(socket), directory, queue); });
    }).detach();
  }
}

}  // namespace
}  // namespace dosigate::bench

int main(int argc, char** argv) try {
  return dosigate::bench::run(argc, argv);
} catch (const std::exception& error) {
  std::fprintf(stderr, "relay: %s\n", error.what());
  return 1;
}

#pragma once

#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "cleaning.h"
#include "support/process.h"

namespace dosigate::testing {

/// An instance as a Part 10 file.
inline std::filesystem::path write_file(const CleanInstance& instance,
                                        const std::filesystem::path& file) {
  std::ofstream out(file, std::ios::binary);
  const auto put = [&](ByteView bytes) {
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
  };
  put(part10_header(instance.sop_class_uid(), instance.sop_instance_uid(),
                    instance.transfer_syntax_uid()));
  put(all_bytes(instance));
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
  return file;
}

/// The lines of dciodvfy that say Error.
inline std::set<std::string> dciodvfy_errors(const std::filesystem::path& file) {
  std::istringstream lines(run({"dciodvfy", "-new", file.string()}).output);
  std::set<std::string> out;
  for (std::string line; std::getline(lines, line);)
    if (line.rfind("Error", 0) == 0) out.insert(line);
  return out;
}

}  // namespace dosigate::testing

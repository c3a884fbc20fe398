#include "subjects.h"

#include "dosigate/dicom/charset.h"

namespace dosigate {

namespace {

/// "*" any text, "?" any character. Linear: only the last "*" is ever taken up again.
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, from = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool holds(const std::string& pattern, const Phi& value) {
  return pattern.empty() || matches(fold(pattern), fold(value.reveal()));
}

}  // namespace

const SubjectRule* subject_of(const Profile& profile, const SourceIdentity& source) {
  for (const SubjectRule& rule : profile.subjects()) {
    if (holds(rule.patient_id, source.patient_id) && holds(rule.patient_name, source.name))
      return &rule;
  }
  return nullptr;
}

}  // namespace dosigate

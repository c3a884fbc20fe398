#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dctk.h>

#include "support/phantom.h"
#include "support/phantom_person.h"

namespace dosigate::testing {

/// One study of the phantom, and where its files go.
struct PhantomStudy {
  const PhantomOptions& options;
  Person person;
  unsigned number;    ///< 1, 2, 3
  std::string label;  ///< "LU177-24H"
  std::string description;
  std::string date, time;
  std::vector<PhantomFile>* files;

  std::string uid() const { return person.uid_root + "." + std::to_string(number); }
  std::string frame_of_reference() const { return uid() + ".900"; }
  std::string series_uid(unsigned series) const { return uid() + "." + std::to_string(series); }
  std::string instance_uid(unsigned series, unsigned instance) const {
    return series_uid(series) + "." + std::to_string(instance);
  }
};

struct PhantomSeries {
  unsigned number;
  std::string modality, description;
  std::string date, time;
};

/// One instance while it is built: text is given in UTF-8 and stored in the character set of the
/// data set.
class PhantomInstance {
 public:
  /// Fills the patient, study, series and equipment modules, SOP common and the traps that every
  /// instance carries: names in nested items, numbers in comments, an unknown private block.
  PhantomInstance(const PhantomStudy& study, const PhantomSeries& series, unsigned instance,
                  const char* sop_class_uid, bool utf8);

  DcmDataset& root() { return *file_.getDataset(); }
  void put(const DcmTag& tag, const std::string& value) { put(root(), tag, value); }
  void put(DcmItem& item, const DcmTag& tag, const std::string& value);
  void put_numbers(DcmItem& item, const DcmTag& tag, const std::vector<Uint16>& values);
  /// A coded item (value, scheme, meaning) appended to a sequence.
  DcmItem& put_code(DcmItem& item, const DcmTag& sequence, const std::string& value,
                    const std::string& scheme, const std::string& meaning);
  DcmItem& append(DcmItem& item, const DcmTag& sequence);
  void pixels(const std::vector<Uint16>& values, unsigned rows, unsigned columns, bool is_signed);

  void save(E_TransferSyntax syntax);

 private:
  const PhantomStudy& study_;
  const PhantomSeries& series_;
  unsigned number_;
  bool utf8_;
  DcmFileFormat file_;
};

/// Radiopharmaceutical items, for which PET and NM use other units. `start` is a DT; its time part
/// also goes to (0018,1072).
struct Injection {
  std::string start;
  std::string radiopharmaceutical;
  std::string code, meaning;  ///< radionuclide, CID 18 or 4020
  double dose = 0;            ///< MBq in NM, Bq in PET
  double half_life = 0;       ///< seconds
};
DcmItem& put_injection(PhantomInstance& instance, const Injection& injection);

/// A DS value of at most 16 characters.
std::string decimal(double value);
/// DT plus seconds, on the civil calendar: "20250310091500.250000".
std::string later(const std::string& date_time, double seconds);

void write_ct_series(const PhantomStudy& study, unsigned series, const std::string& date,
                     const std::string& time);
/// Projections and reconstruction of a Lu-177 scan, `injection_date_time` before it.
void write_spect(const PhantomStudy& study, const std::string& injection_date_time,
                 const std::string& scan_date_time, double injected_mbq);
void write_pet(const PhantomStudy& study, const std::string& injection_date_time,
               const std::string& scan_date_time, double injected_mbq);

}  // namespace dosigate::testing

#include <gtest/gtest.h>

#include "dosigate/dicom/dcmtk.h"

/// `main` of a test that uses DCMTK: its globals are set once, before the first test and before any
/// thread, as in the daemon.
int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const dosigate::DcmtkRuntime dcmtk;
  return RUN_ALL_TESTS();
}

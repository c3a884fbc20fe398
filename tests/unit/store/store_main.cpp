#include <gtest/gtest.h>

#include <string_view>

#include "dosigate/store/database.h"

/// `unit_store insert-one-row FILE` is the process that the kill tests kill; otherwise the tests
/// run.
int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "insert-one-row") {
    dosigate::DatabaseWriter writer(
        std::make_unique<SQLite::Database>(argv[2], SQLite::OPEN_READWRITE, 5'000));
    writer.run([](SQLite::Database& database) { database.exec("INSERT INTO t VALUES (1)"); },
               dosigate::Durability::Full);
    return 0;
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}

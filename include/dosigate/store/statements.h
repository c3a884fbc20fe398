#pragma once

#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <SQLiteCpp/SQLiteCpp.h>

#include "dosigate/base/bytes.h"

namespace dosigate {

/// One use of a prepared statement: reset and free of old values when it begins, reset when it
/// ends, so that no read stays open behind a commit. Binds in the order of the calls.
class Query {
 public:
  explicit Query(SQLite::Statement& statement) : statement_(statement) {
    statement_.reset();
    statement_.clearBindings();
  }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query() { statement_.tryReset(); }

  Query& operator<<(std::int64_t value) {
    statement_.bind(++bound_, value);
    return *this;
  }
  Query& operator<<(std::string_view text) {
    statement_.bind(++bound_, std::string(text));
    return *this;
  }
  Query& operator<<(ByteView blob) {
    static constexpr Byte kNothing =
        0;  // SQLite takes a null pointer for NULL, not for an empty blob
    statement_.bind(++bound_, blob.empty() ? &kNothing : blob.data(),
                    static_cast<int>(blob.size()));
    return *this;
  }
  /// NULL.
  Query& operator<<(std::nullopt_t) {
    ++bound_;
    return *this;
  }

  bool next() { return statement_.executeStep(); }
  /// Number of rows changed.
  int run() { return statement_.exec(); }

  bool is_null(int column) { return statement_.getColumn(column).isNull(); }
  std::int64_t integer(int column) { return statement_.getColumn(column).getInt64(); }
  std::uint64_t unsigned_integer(int column) { return static_cast<std::uint64_t>(integer(column)); }
  std::string text(int column) { return statement_.getColumn(column).getString(); }
  Bytes blob(int column) {
    const SQLite::Column value = statement_.getColumn(column);
    const auto* data = static_cast<const Byte*>(value.getBlob());
    return {data, data + value.getBytes()};
  }
  InstanceId id(int column) {
    InstanceId out{};
    const SQLite::Column value = statement_.getColumn(column);
    if (value.getBytes() == static_cast<int>(out.size()))
      std::memcpy(out.data(), value.getBlob(), out.size());
    return out;
  }

 private:
  SQLite::Statement& statement_;
  int bound_ = 0;
};

/// Prepared statements of one connection, kept for its life: preparing costs more than most of ours
/// take to run. Must be destroyed before the connection. Thread: that of the connection.
class Statements {
 public:
  Query operator()(SQLite::Database& database, std::string_view sql) {
    auto found = prepared_.find(sql);
    if (found == prepared_.end()) {
      std::string text(sql);
      auto statement = std::make_unique<SQLite::Statement>(database, text);
      found = prepared_.emplace(std::move(text), std::move(statement)).first;
    }
    return Query(*found->second);
  }

 private:
  std::map<std::string, std::unique_ptr<SQLite::Statement>, std::less<>> prepared_;
};

/// A read-only connection with its statements.
struct ReadConnection {
  explicit ReadConnection(std::unique_ptr<SQLite::Database> opened) : database(std::move(opened)) {}
  Query operator()(std::string_view sql) { return statements(*database, sql); }

  std::unique_ptr<SQLite::Database> database;
  Statements statements;
};

}  // namespace dosigate

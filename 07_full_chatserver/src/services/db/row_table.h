// Rows of one table on their way into it, in statements that are no longer than the database takes.
//
// Threading: none.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "services/db/connection.h"

namespace db {

class RowTable {
 public:
  RowTable(std::string_view table, std::vector<std::string_view> columns, std::string end,
           std::size_t bytes_max)
      : columns_(columns.size()), end_(std::move(end)), bytes_max_(bytes_max) {
    insert_ = "INSERT INTO " + std::string(table) + " (";
    for (std::size_t i = 0; i < columns_; ++i) {
      if (i > 0) insert_ += ", ";
      insert_ += columns[i];
    }
    insert_ += ") VALUES ";
  }

  // False: not even alone does it fit into a statement.
  bool Add(std::span<const Value> row) {
    if (BytesOf(row) > bytes_max_) return false;
    values_.insert(values_.end(), row.begin(), row.end());
    return true;
  }

  Result Store(Connection& connection) {
    Result result;
    for (std::span<const Value> rest = values_; result.ok() && !rest.empty();) {
      std::size_t rows = kRowsPerStatement;
      while (rows > 1 &&
             (rows * columns_ > rest.size() || BytesOf(rest.first(rows * columns_)) > bytes_max_)) {
        rows /= 2;
      }
      result = connection.Run(Statement(rows), rest.first(rows * columns_));
      rest = rest.subspan(rows * columns_);
    }
    values_.clear();
    return result;
  }

 private:
  // Rows per statement: one round trip to the database for all of them.
  static constexpr std::size_t kRowsPerStatement = 16;

  // Of a statement with these values, or a little more.
  static std::size_t BytesOf(std::span<const Value> values) {
    std::size_t bytes = 64;
    for (const Value& value : values) {
      const auto* const text = std::get_if<std::string_view>(&value);
      bytes += 12 + (text != nullptr ? text->size() : 0);
    }
    return bytes;
  }

  const std::string& Statement(std::size_t rows) {
    std::string& sql = statements_[rows];
    if (!sql.empty()) return sql;
    std::string row = "(?";
    for (std::size_t i = 1; i < columns_; ++i) row += ",?";
    row += ")";
    sql = insert_;
    for (std::size_t i = 0; i < rows; ++i) {
      if (i > 0) sql += ",";
      sql += row;
    }
    sql += end_;
    return sql;
  }

  std::string insert_;
  std::size_t columns_;
  std::string end_;
  std::size_t bytes_max_;
  std::vector<Value> values_;
  std::map<std::size_t, std::string> statements_;  // by the number of rows
};

}  // namespace db

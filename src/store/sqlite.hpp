// SQLite for this room: a connection, and transactions in which the first failure is kept and makes
// everything after it do nothing, so that code reads in the order of its statements and `commit`
// says how it went. A connection and its transactions are used from one thread at a time. Private
// to this room.
//
//     Transaction tx(db, Access::write);
//     tx.run("INSERT INTO t(name, watts) VALUES (?, ?)", name, 350_W);
//     for (Rows rows = tx.query("SELECT name, watts FROM t"); rows.next(name, watts);) { ... }
//     Result<void> done = tx.commit();
#pragma once

#include "core/result.hpp"
#include "store/bytes.hpp"
#include "store/fields.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;

namespace joulemark::store {

class Database {
public:
    // Opens an existing file for reading and writing.
    [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::string& path);

    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    ~Database();

    [[nodiscard]] const std::string& path() const { return path_; }
    // Statements without parameters and results, outside a transaction.
    [[nodiscard]] Result<void> execute(const char* statements);
    // What went wrong last, for a person.
    [[nodiscard]] Error last_error() const;

private:
    friend class Transaction;
    friend class Rows;

    Database(std::string path, sqlite3* handle);
    // Compiled once and kept; null on an error.
    [[nodiscard]] sqlite3_stmt* prepared(std::string_view sql);

    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    std::string path_;
    sqlite3* handle_;
    std::map<std::string, std::unique_ptr<sqlite3_stmt, Finalize>, std::less<>> statements_;
};

// From the system's entropy, by way of SQLite: for names that must not collide, not for numbers
// that must repeat.
[[nodiscard]] std::uint16_t random_bits();

// A file that reaches the size limit of its process kills it with SIGXFSZ unless somebody holds the
// signal back. While one of these lives, its thread gets an error from the write instead.
class FileSizeSignalBlock {
public:
    FileSizeSignalBlock();
    FileSizeSignalBlock(const FileSizeSignalBlock&) = delete;
    FileSizeSignalBlock& operator=(const FileSizeSignalBlock&) = delete;
    ~FileSizeSignalBlock();

private:
    bool blocked_here_ = false;
};

class Transaction;

// The results of a query; at most one at a time for the same text of SQL.
class Rows {
public:
    Rows(Transaction& transaction, sqlite3_stmt* statement)
        : transaction_(transaction), statement_(statement) {}
    Rows(const Rows&) = delete;
    Rows& operator=(const Rows&) = delete;
    ~Rows();

    // Fills `targets` from the columns of the next row; false at the end and on an error. A value
    // that a target cannot take is Kind::corrupt.
    template <class... T> [[nodiscard]] bool next(T&... targets) {
        if (!step()) {
            return false;
        }
        [[maybe_unused]] int column = 0;
        return accept((get_field(statement_, column, targets) && ...));
    }

private:
    [[nodiscard]] bool step();
    [[nodiscard]] bool accept(bool understood);

    Transaction& transaction_;
    sqlite3_stmt* statement_; // null after an error
};

enum class Access { read, write };

class Transaction {
public:
    // A reader sees the file as it is at its first query, whatever writers do. A writer waits for
    // other writers.
    Transaction(Database& database, Access access);
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    // Rolls back unless committed.
    ~Transaction();

    template <class... T> void run(std::string_view sql, const T&... values) {
        Rows rows = query(sql, values...);
        while (rows.next()) {
        }
    }
    template <class... T> [[nodiscard]] Rows query(std::string_view sql, const T&... values) {
        sqlite3_stmt* statement = prepare(sql);
        [[maybe_unused]] int parameter = 0;
        if (statement != nullptr && !(put_field(statement, parameter, values) && ...)) {
            refuse_value();
        }
        return {*this, statement};
    }
    // Several statements without parameters.
    void run_script(const char* statements);

    // The key of the last row inserted; how many rows the last statement changed.
    [[nodiscard]] std::int64_t last_key() const;
    [[nodiscard]] std::int64_t changed_rows() const;

    [[nodiscard]] const std::string& path() const { return database_.path(); }
    [[nodiscard]] bool ok() const { return !error_.has_value(); }
    [[nodiscard]] const Error& error() const { return *error_; } // unless ok
    // Makes the transaction fail; the first error stays.
    void refuse(Error error);
    // Everything happened, or nothing did and this is why.
    [[nodiscard]] Result<void> commit();

private:
    friend class Rows;

    [[nodiscard]] sqlite3_stmt* prepare(std::string_view sql);
    void refuse_value();
    void refuse_last() { refuse(database_.last_error()); }

    FileSizeSignalBlock signal_block_;
    Database& database_;
    std::optional<Error> error_;
    bool open_ = false;
};

} // namespace joulemark::store

#include "store/sqlite.hpp"

#include "core/result.hpp"
#include "core/text.hpp"
#include "store/bytes.hpp"

#include <fmt/format.h>
#include <sqlite3.h>
#include <tl/expected.hpp>

#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace joulemark::store {

namespace {

// A recording that gives up loses more than one that waits.
constexpr int busy_timeout_ms = 30'000;
// Blocks are below 8 MB; what claims to be longer is damage, not to be read into memory.
constexpr int longest_value_bytes = 16 << 20;

bool means_full(int code, int system_error) {
    return code == SQLITE_FULL || code == SQLITE_IOERR_SHMSIZE || system_error == ENOSPC ||
           system_error == EDQUOT || system_error == EFBIG;
}

bool means_forbidden(int system_error) {
    return system_error == EACCES || system_error == EPERM || system_error == EROFS;
}

// The errno behind an input or output error. SQLite passes it on from most of its calls but not
// from a commit, where it stays with the file: the log or the database itself.
int system_error_of(sqlite3* handle) {
    int error = sqlite3_system_errno(handle);
    sqlite3_file* log = nullptr;
    if (error == 0 &&
        sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK &&
        log != nullptr && log->pMethods != nullptr) {
        log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &error);
    }
    if (error == 0) {
        sqlite3_file_control(handle, "main", SQLITE_FCNTL_LAST_ERRNO, &error);
    }
    return error;
}

// `detail` is SQLite's own sentence, `system_error` the errno of its last system call.
Error explain(const std::string& path, int code, int system_error, std::string_view detail) {
    const auto error = [&](Kind kind, std::string message) {
        return Error{kind, std::move(message), printable(path, 4096)};
    };
    switch (code & 0xFF) {
    case SQLITE_FULL:
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
        if (means_full(code, system_error)) {
            return error(Kind::io,
                         "the store is full: its disk, quota or file size limit has no room left; "
                         "make room, or "
                         "choose another file with --store. What was stored before is kept");
        }
        return error(
            means_forbidden(system_error) ? Kind::permission : Kind::io,
            fmt::format(
                "the store cannot be read or written ({}{}{}); check its disk and its folder",
                printable(detail),
                system_error != 0 ? ": " : "",
                system_error != 0 ? std::strerror(system_error) : ""));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return error(
            Kind::unavailable,
            fmt::format(
                "another program has kept the store locked for {} s; try again when it is done",
                busy_timeout_ms / 1000));
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return error(Kind::permission,
                     "the store cannot be written; check the rights of the file and its folder, or "
                     "choose another "
                     "file with --store");
    case SQLITE_NOTADB:
        return error(Kind::invalid_argument,
                     "this is not a joulemark store; choose another file with --store");
    case SQLITE_CORRUPT:
    case SQLITE_ERROR: // a table or column that ought to be there is not
        return error(
            Kind::corrupt,
            fmt::format(
                "the store is damaged ({}); move it away to begin a new one, and try `sqlite3 FILE "
                ".recover` to save what it holds",
                printable(detail)));
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
        return error(Kind::invalid_argument,
                     fmt::format("the store does not take this value ({})", printable(detail)));
    default:
        return error(Kind::internal, fmt::format("the store failed ({})", printable(detail)));
    }
}

} // namespace

std::uint16_t random_bits() {
    std::uint16_t bits = 0;
    sqlite3_randomness(sizeof bits, &bits);
    return bits;
}

FileSizeSignalBlock::FileSizeSignalBlock() {
    sigset_t signal{};
    sigset_t before{};
    sigemptyset(&signal);
    sigaddset(&signal, SIGXFSZ);
    blocked_here_ =
        pthread_sigmask(SIG_BLOCK, &signal, &before) == 0 && sigismember(&before, SIGXFSZ) == 0;
}

FileSizeSignalBlock::~FileSizeSignalBlock() {
    if (!blocked_here_) {
        return;
    }
    sigset_t signal{};
    sigemptyset(&signal);
    sigaddset(&signal, SIGXFSZ);
    const timespec at_once{};
    while (sigtimedwait(&signal, nullptr, &at_once) > 0) {
    }
    pthread_sigmask(SIG_UNBLOCK, &signal, nullptr);
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path) {
    const FileSizeSignalBlock block;
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(
        path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    std::unique_ptr<Database> database(new Database(path, handle));
    if (code != SQLITE_OK) {
        return tl::unexpected(handle != nullptr ? database->last_error()
                                                : explain(path, code, 0, sqlite3_errstr(code)));
    }
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, busy_timeout_ms);
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, longest_value_bytes);
    return database;
}

Database::Database(std::string path, sqlite3* handle) : path_(std::move(path)), handle_(handle) {}

Database::~Database() {
    // The last to close a file moves the log into it, which writes.
    const FileSizeSignalBlock block;
    statements_.clear();
    sqlite3_close_v2(handle_);
}

void Database::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Result<void> Database::execute(const char* statements) {
    const FileSizeSignalBlock block;
    if (sqlite3_exec(handle_, statements, nullptr, nullptr, nullptr) != SQLITE_OK) {
        return tl::unexpected(last_error());
    }
    return {};
}

Error Database::last_error() const {
    return explain(path_,
                   sqlite3_extended_errcode(handle_),
                   system_error_of(handle_),
                   sqlite3_errmsg(handle_));
}

sqlite3_stmt* Database::prepared(std::string_view sql) {
    const auto known = statements_.find(sql);
    if (known != statements_.end()) {
        return known->second.get();
    }
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v3(handle_,
                       sql.data(),
                       static_cast<int>(sql.size()),
                       SQLITE_PREPARE_PERSISTENT,
                       &statement,
                       nullptr);
    if (statement != nullptr) {
        statements_.emplace(sql, statement);
    }
    return statement;
}

Rows::~Rows() {
    if (statement_ != nullptr) {
        sqlite3_reset(statement_);
        sqlite3_clear_bindings(statement_);
    }
}

bool Rows::step() {
    if (statement_ == nullptr || !transaction_.ok()) {
        return false;
    }
    const int code = sqlite3_step(statement_);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        transaction_.refuse_last();
    }
    return code == SQLITE_ROW;
}

bool Rows::accept(bool understood) {
    if (!understood) {
        transaction_.refuse(
            {Kind::corrupt,
             fmt::format("the store holds a value that makes no sense, or was written by a newer "
                         "joulemark; upgrade, or remove the run (in: {})",
                         sqlite3_sql(statement_)),
             printable(transaction_.database_.path(), 4096)});
    }
    return understood;
}

Transaction::Transaction(Database& database, Access access) : database_(database) {
    run(access == Access::write ? "BEGIN IMMEDIATE" : "BEGIN");
    open_ = ok();
}

Transaction::~Transaction() {
    if (open_) {
        error_.reset();
        run("ROLLBACK");
    }
}

sqlite3_stmt* Transaction::prepare(std::string_view sql) {
    if (!ok()) {
        return nullptr;
    }
    sqlite3_stmt* statement = database_.prepared(sql);
    if (statement == nullptr) {
        refuse_last();
    }
    return statement;
}

void Transaction::run_script(const char* statements) {
    if (ok() &&
        sqlite3_exec(database_.handle_, statements, nullptr, nullptr, nullptr) != SQLITE_OK) {
        refuse_last();
    }
}

void Transaction::refuse_value() {
    if (sqlite3_errcode(database_.handle_) != SQLITE_OK) {
        refuse_last();
    }
    refuse({Kind::invalid_argument,
            "a value that is not a number cannot be stored",
            printable(path(), 4096)});
}

std::int64_t Transaction::last_key() const { return sqlite3_last_insert_rowid(database_.handle_); }

std::int64_t Transaction::changed_rows() const { return sqlite3_changes64(database_.handle_); }

void Transaction::refuse(Error error) {
    if (!error_) {
        error_ = std::move(error);
    }
}

Result<void> Transaction::commit() {
    run("COMMIT");
    if (error_) {
        return tl::unexpected(*error_);
    }
    open_ = false;
    return {};
}

bool put_null(sqlite3_stmt* statement, int index) {
    return sqlite3_bind_null(statement, index + 1) == SQLITE_OK;
}

bool put_integer(sqlite3_stmt* statement, int index, std::int64_t value) {
    return sqlite3_bind_int64(statement, index + 1, value) == SQLITE_OK;
}

bool put_real(sqlite3_stmt* statement, int index, double value) {
    // SQLite would store NULL, which says unknown.
    return !std::isnan(value) && sqlite3_bind_double(statement, index + 1, value) == SQLITE_OK;
}

bool put_text(sqlite3_stmt* statement, int index, std::string_view value) {
    // SQLite takes the null pointer of an empty view for NULL.
    const char* text = value.empty() ? "" : value.data();
    return sqlite3_bind_text64(
               statement, index + 1, text, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8) ==
           SQLITE_OK;
}

bool put_blob(sqlite3_stmt* statement, int index, BlobView value) {
    return sqlite3_bind_blob64(statement, index + 1, value.data(), value.size(), SQLITE_STATIC) ==
           SQLITE_OK;
}

bool is_null(sqlite3_stmt* statement, int index) {
    return sqlite3_column_type(statement, index) == SQLITE_NULL;
}

bool get_integer(sqlite3_stmt* statement, int index, std::int64_t& value) {
    value = sqlite3_column_int64(statement, index);
    return sqlite3_column_type(statement, index) == SQLITE_INTEGER;
}

bool get_real(sqlite3_stmt* statement, int index, double& value) {
    const int type = sqlite3_column_type(statement, index);
    value = sqlite3_column_double(statement, index);
    return type == SQLITE_FLOAT || type == SQLITE_INTEGER;
}

bool get_text(sqlite3_stmt* statement, int index, std::string& value) {
    if (sqlite3_column_type(statement, index) != SQLITE_TEXT) {
        return false;
    }
    const void* text = sqlite3_column_text(statement, index);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, index));
    if (text == nullptr) {
        return false;
    }
    value.assign(static_cast<const char*>(text), size);
    return true;
}

bool get_blob(sqlite3_stmt* statement, int index, BlobView& value) {
    if (sqlite3_column_type(statement, index) != SQLITE_BLOB) {
        return false;
    }
    const void* bytes = sqlite3_column_blob(statement, index);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, index));
    value = bytes == nullptr ? BlobView{} : BlobView(static_cast<const std::uint8_t*>(bytes), size);
    return true;
}

} // namespace joulemark::store

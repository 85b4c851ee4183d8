// How values of joulemark lie in columns of SQLite, and back. A `Field<T>` takes one column or
// several:
//
// - whole numbers, times and durations (ns) are INTEGER, numbers and quantities (SI) REAL, names of
// enumerators TEXT;
// - a struct with a `Record<T>` is its members in turn;
// - an absent optional is NULL in each of its columns.
//
// `get` returns false for what cannot be such a value: the file may say anything. Private to this
// room.
#pragma once

#include "core/time.hpp"
#include "core/units.hpp"
#include "store/bytes.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

struct sqlite3_stmt;

namespace joulemark::store {

// The bare columns; parameters and results count from 0 here. False: SQLite would not take it, or
// it is of another type.
[[nodiscard]] bool put_null(sqlite3_stmt* statement, int index);
[[nodiscard]] bool put_integer(sqlite3_stmt* statement, int index, std::int64_t value);
[[nodiscard]] bool put_real(sqlite3_stmt* statement, int index, double value);
[[nodiscard]] bool put_text(sqlite3_stmt* statement, int index, std::string_view value);
[[nodiscard]] bool put_blob(sqlite3_stmt* statement, int index, BlobView value); // not copied
[[nodiscard]] bool is_null(sqlite3_stmt* statement, int index);
[[nodiscard]] bool get_integer(sqlite3_stmt* statement, int index, std::int64_t& value);
[[nodiscard]] bool get_real(sqlite3_stmt* statement, int index, double& value);
[[nodiscard]] bool get_text(sqlite3_stmt* statement, int index, std::string& value);
[[nodiscard]] bool get_blob(sqlite3_stmt* statement,
                            int index,
                            BlobView& value); // until the next row

// Members of a struct, in the order of its columns:
//     template <> struct Record<Window> { static auto members(auto& w) { return std::tie(w.begin,
//     w.end); } };
template <class T> struct Record;

template <class T>
concept IsRecord = requires(T& value) { Record<T>::members(value); };

// The number of enumerators, which are 0, 1, 2 ... and have a to_string.
template <class E> inline constexpr std::size_t enumerator_count = 0;

template <class T> struct Field;

template <std::integral T> struct Field<T> {
    static constexpr int columns = 1;
    static bool put(sqlite3_stmt* statement, int index, T value) {
        return put_integer(statement, index, static_cast<std::int64_t>(value));
    }
    static bool get(sqlite3_stmt* statement, int index, T& value) {
        std::int64_t wide = 0;
        const bool good = get_integer(statement, index, wide);
        value = static_cast<T>(wide);
        return good && static_cast<std::int64_t>(value) == wide && (value < T{}) == (wide < 0);
    }
};

template <> struct Field<double> {
    static constexpr int columns = 1;
    static constexpr auto put = put_real;
    static constexpr auto get = get_real;
};

template <> struct Field<std::string> {
    static constexpr int columns = 1;
    static constexpr auto put = put_text;
    static constexpr auto get = get_text;
};

template <> struct Field<BlobView> {
    static constexpr int columns = 1;
    static constexpr auto put = put_blob;
    static constexpr auto get = get_blob;
};

template <> struct Field<Nanoseconds> {
    static constexpr int columns = 1;
    static bool put(sqlite3_stmt* statement, int index, Nanoseconds value) {
        return put_integer(statement, index, value.count());
    }
    static bool get(sqlite3_stmt* statement, int index, Nanoseconds& value) {
        std::int64_t ns = 0;
        const bool good = get_integer(statement, index, ns);
        value = Nanoseconds{ns};
        return good;
    }
};

template <> struct Field<Instant> {
    static constexpr int columns = 1;
    static bool put(sqlite3_stmt* statement, int index, Instant value) {
        return put_integer(statement, index, count_ns(value));
    }
    static bool get(sqlite3_stmt* statement, int index, Instant& value) {
        std::int64_t ns = 0;
        const bool good = get_integer(statement, index, ns);
        value = instant_at(ns);
        return good;
    }
};

template <int E, int T, int K, int B> struct Field<Quantity<E, T, K, B>> {
    static constexpr int columns = 1;
    static bool put(sqlite3_stmt* statement, int index, Quantity<E, T, K, B> value) {
        return put_real(statement, index, value.value());
    }
    static bool get(sqlite3_stmt* statement, int index, Quantity<E, T, K, B>& value) {
        double si = 0.0;
        const bool good = get_real(statement, index, si);
        value = Quantity<E, T, K, B>{si};
        return good;
    }
};

template <class E>
    requires std::is_enum_v<E>
struct Field<E> {
    static constexpr int columns = 1;
    static bool put(sqlite3_stmt* statement, int index, E value) {
        return put_text(statement, index, to_string(value));
    }
    static bool get(sqlite3_stmt* statement, int index, E& value) {
        std::string name;
        if (!get_text(statement, index, name)) {
            return false;
        }
        for (std::size_t i = 0; i < enumerator_count<E>; ++i) {
            value = static_cast<E>(i);
            if (to_string(value) == name) {
                return true;
            }
        }
        return false;
    }
};

template <class T> struct Field<std::optional<T>> {
    static constexpr int columns = Field<T>::columns;
    static bool put(sqlite3_stmt* statement, int index, const std::optional<T>& value) {
        if (value) {
            return Field<T>::put(statement, index, *value);
        }
        bool good = true;
        for (int i = 0; i < columns; ++i) {
            good = put_null(statement, index + i) && good;
        }
        return good;
    }
    static bool get(sqlite3_stmt* statement, int index, std::optional<T>& value) {
        value.reset();
        return is_null(statement, index) || Field<T>::get(statement, index, value.emplace());
    }
};

// Puts `value` at `index` and moves on to the next free column; `get_field` likewise.
template <class T>
[[nodiscard]] bool put_field(sqlite3_stmt* statement, int& index, const T& value) {
    if constexpr (std::convertible_to<const T&, std::string_view>) {
        return put_text(statement, index++, value);
    } else {
        const int first = index;
        index += Field<T>::columns;
        return Field<T>::put(statement, first, value);
    }
}
template <class T> [[nodiscard]] bool get_field(sqlite3_stmt* statement, int& index, T& value) {
    const int first = index;
    index += Field<T>::columns;
    return Field<T>::get(statement, first, value);
}

template <class Tie> inline constexpr int columns_of = 0;
template <class... M>
inline constexpr int columns_of<std::tuple<M&...>> = (Field<M>::columns + ...);

template <IsRecord T> struct Field<T> {
    static constexpr int columns = columns_of<decltype(Record<T>::members(std::declval<T&>()))>;
    static bool put(sqlite3_stmt* statement, int index, const T& value) {
        return std::apply(
            [&](const auto&... member) { return (put_field(statement, index, member) && ...); },
            Record<T>::members(value));
    }
    static bool get(sqlite3_stmt* statement, int index, T& value) {
        return std::apply(
            [&](auto&... member) { return (get_field(statement, index, member) && ...); },
            Record<T>::members(value));
    }
};

} // namespace joulemark::store

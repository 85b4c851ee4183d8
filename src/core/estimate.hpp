// A number that says how sure it is and where it comes from. Values only.
#pragma once

#include <optional>
#include <string_view>

namespace joulemark {

enum class Source { measured, interpolated, estimated, simulated, assumed };

[[nodiscard]] std::string_view to_string(Source source);

template <class Q> struct Interval {
    Q low;
    Q high;
    friend constexpr bool operator==(const Interval&, const Interval&) = default;
};

// `interval` is absent when nothing honest can be said about it; it is never a zero-width stand-in.
template <class Q> struct Estimate {
    Q value;
    std::optional<Interval<Q>> interval;
    double level = 0.95;
    Source source = Source::measured;
};

} // namespace joulemark

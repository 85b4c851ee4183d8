#include "core/time.hpp"

#include <fmt/format.h>

namespace joulemark {

std::string iso8601_utc(std::int64_t unix_ns) {
    using namespace std::chrono;
    const auto ms = floor<milliseconds>(sys_time<Nanoseconds>{Nanoseconds{unix_ns}});
    const auto day = floor<days>(ms);
    const year_month_day date{day};
    const hh_mm_ss clock{ms - day};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
                       static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()),
                       static_cast<unsigned>(date.day()),
                       clock.hours().count(),
                       clock.minutes().count(),
                       clock.seconds().count(),
                       clock.subseconds().count());
}

} // namespace joulemark

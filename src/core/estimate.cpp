#include "core/estimate.hpp"

namespace joulemark {

std::string_view to_string(Source source) {
    switch (source) {
    case Source::measured:
        return "measured";
    case Source::interpolated:
        return "interpolated";
    case Source::estimated:
        return "estimated";
    case Source::simulated:
        return "simulated";
    case Source::assumed:
        return "assumed";
    }
    return "assumed";
}

} // namespace joulemark

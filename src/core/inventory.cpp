#include "core/inventory.hpp"

namespace joulemark {

std::string_view to_string(Health health) {
    switch (health) {
    case Health::good:
        return "good";
    case Health::limited:
        return "limited";
    case Health::bad:
        return "bad";
    }
    return "bad";
}

} // namespace joulemark

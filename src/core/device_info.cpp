#include "core/device_info.hpp"

namespace joulemark {

std::string_view to_string(Boundary boundary) {
    switch (boundary) {
    case Boundary::gpu_board:
        return "gpu_board";
    case Boundary::module:
        return "module";
    case Boundary::cpu_package:
        return "cpu_package";
    case Boundary::cpu_core:
        return "cpu_core";
    case Boundary::dram:
        return "dram";
    case Boundary::system:
        return "system";
    case Boundary::unknown:
        return "unknown";
    }
    return "unknown";
}

} // namespace joulemark

// Power over time as lines of text: an area chart with the phases below it. A pure function of its
// arguments.
#pragma once

#include "analysis/phases.hpp"
#include "analysis/uniform_grid.hpp"
#include "core/time.hpp"
#include "report/text_style.hpp"

#include <optional>
#include <span>
#include <string>

namespace joulemark::report {

// At most `style.width` columns and `rows` + 3 lines. Columns that no reading covers stay empty.
// Without phases their line is left out.
[[nodiscard]] std::string power_chart(const analysis::BinMeans& curve,
                                      Window window,
                                      std::span<const analysis::Phase> phases,
                                      std::size_t rows,
                                      const TextStyle& style);

[[nodiscard]] Ink phase_ink(analysis::PhaseKind kind);

} // namespace joulemark::report

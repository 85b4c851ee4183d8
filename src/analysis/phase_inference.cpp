#include "analysis/phase_inference.hpp"

#include "analysis/phase_edges.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace joulemark::analysis {

namespace {

constexpr double least_open_edge = 0.2;    // of the span: an edge without rest at its foot
constexpr double least_prefill_drop = 0.1; // of the span

struct NodeRange {
    std::size_t first = 0;
    std::size_t last = 0;
};

// Heights that separate rest from work, with hysteresis.
struct IdleBand {
    double enter = 0.0; // at or below: rest, if it stays
    double leave = 0.0; // above, twice running: work
    double sure = 0.0;  // above, even once: work

    [[nodiscard]] static IdleBand of(const PowerLevels& levels) {
        constexpr double share_of_span = 0.05;
        const double rest = levels.idle_top->value();
        const double span = levels.span().value();
        const double width =
            std::min(std::max(3.0 * levels.idle_noise.value(), share_of_span * span), 0.25 * span);
        return {rest + width, rest + 2.0 * width, rest + 0.5 * span};
    }
};

// Stretches above the band, from the last node at rest before to the first at rest after.
std::vector<NodeRange> active_stretches(const std::vector<double>& p,
                                        const IdleBand& band,
                                        std::size_t dwell) {
    std::vector<NodeRange> stretches;
    bool active = p.front() > band.leave;
    std::size_t first = 0;      // of the stretch
    std::size_t rest_begin = 0; // of the rest before it
    for (std::size_t k = 0; k < p.size(); ++k) {
        if (!active) {
            const bool lasts = k + 1 == p.size() || p[k + 1] > band.leave;
            if (p[k] > band.sure || (p[k] > band.leave && lasts)) {
                active = true;
                first = k;
                while (first > rest_begin && p[first] > band.enter) {
                    --first;
                }
            }
        } else if (p[k] <= band.enter) {
            std::size_t end = k;
            std::size_t last_at_rest = k;
            for (; end < p.size() && p[end] <= band.leave; ++end) {
                last_at_rest = p[end] <= band.enter ? end : last_at_rest;
            }
            if (last_at_rest - k >= dwell || end == p.size()) {
                stretches.push_back({first, k});
                rest_begin = k;
                active = false;
            }
            k = end - 1;
        }
    }
    if (active) {
        stretches.push_back({first, p.size() - 1});
    }
    return stretches;
}

class Inference {
public:
    Inference(const UniformGrid& grid,
              const PowerLevels& levels,
              const PhaseMethod& method,
              std::span<const double> slope,
              bool with_prefill)
        : grid_(grid), levels_(levels), method_(method), slope_(slope),
          with_prefill_(with_prefill) {
        if (levels.idle_top) {
            band_ = IdleBand::of(levels);
        }
    }

    [[nodiscard]] InferredPhases run() {
        const std::vector<NodeRange> found = stretches();
        const std::size_t last = grid_.power_watts.size() - 1;
        for (std::size_t i = 0; i < found.size(); ++i) {
            add_stretch(found[i], i + 1 < found.size() ? found[i + 1].first : last);
        }
        add(PhaseKind::idle, last);
        return std::move(result_);
    }

private:
    [[nodiscard]] std::vector<NodeRange> stretches() const {
        if (!levels_.active) {
            return {};
        }
        if (!band_) {
            return {{0, grid_.power_watts.size() - 1}};
        }
        const double dwell = std::ceil(method_.dwell.value() / grid_.step().value() - 1e-9);
        return active_stretches(grid_.power_watts, *band_, static_cast<std::size_t>(dwell));
    }

    [[nodiscard]] std::size_t end_of_runs() const {
        return result_.runs.empty() ? 0 : result_.runs.back().last;
    }

    // The next run, up to `last`; none when the one before already got there.
    void add(PhaseKind kind, std::size_t last) {
        const std::size_t first = end_of_runs();
        if (last > first) {
            result_.runs.push_back({kind, first, last});
        }
    }

    // Watts gained from one node to another, as far as it is not taken yet: the ends of an edge may
    // have been moved outwards onto a neighbour's. Zero when nothing is left.
    [[nodiscard]] double climb(std::size_t from, std::size_t to) const {
        from = std::max(from, end_of_runs());
        return from < to ? grid_.power_watts[to] - grid_.power_watts[from] : 0.0;
    }

    // An edge at the end of a stretch that is not at rest there must be high to be one.
    [[nodiscard]] std::optional<Edge> edge(std::size_t foot, std::size_t bound) const {
        const EdgeRule rule{
            method_.slope_threshold, method_.slope_window, method_.resolution, method_.noise};
        const auto found = find_edge(grid_, slope_, rule, foot, bound);
        const bool at_rest = band_ && grid_.power_watts[foot] <= band_->leave;
        const Watts least = std::max(least_open_edge * levels_.span(), 5.0 * method_.noise);
        return found && (at_rest || found->height >= least) ? found : std::nullopt;
    }

    void note_unresolved(PhaseKind kind, std::size_t node, WattsPerSecond at_least) {
        result_.unresolved.push_back({kind, grid_.time(node), at_least});
    }

    // `next` is where the next stretch begins.
    void add_stretch(NodeRange stretch, std::size_t next) {
        auto rise = edge(stretch.first, stretch.last);
        auto fall = edge(stretch.last, stretch.first);
        if (fall) {
            fall->foot = std::min(fall->foot, next);
        }
        if (rise && fall && rise->top > fall->top) {
            // No plateau between them: they meet at the highest node.
            const auto begin = grid_.power_watts.begin();
            const auto highest =
                std::max_element(begin + static_cast<std::ptrdiff_t>(stretch.first),
                                 begin + static_cast<std::ptrdiff_t>(stretch.last) + 1);
            rise->top = fall->top = static_cast<std::size_t>(highest - begin);
        }
        const bool has_ramp = rise && rise->resolved && climb(rise->foot, rise->top) > 0.0;
        add(PhaseKind::idle, has_ramp ? rise->foot : stretch.first);
        if (has_ramp) {
            add(PhaseKind::ramp, rise->top);
        } else if (rise) {
            note_unresolved(PhaseKind::ramp, stretch.first, rise->rate);
        }
        add_prefill(rise ? rise->top : stretch.first, fall ? fall->top : stretch.last);
        const bool has_fall = fall && fall->resolved && climb(fall->top, fall->foot) < 0.0;
        add(PhaseKind::decode, has_fall ? fall->top : stretch.last);
        if (has_fall) {
            add(PhaseKind::fall, fall->foot);
        } else if (fall) {
            note_unresolved(PhaseKind::fall, fall->top, fall->rate);
        }
    }

    void add_prefill(std::size_t first, std::size_t last) {
        if (!with_prefill_ || first >= last) {
            return;
        }
        const auto plateau = std::span{grid_.power_watts}.subspan(first, last - first + 1);
        const auto end = prefill_end(
            plateau, grid_.step(), method_.sensor_resolution, least_prefill_drop * levels_.span());
        if (end) {
            add(PhaseKind::prefill, first + *end);
        }
    }

    const UniformGrid& grid_;
    const PowerLevels& levels_;
    const PhaseMethod& method_;
    std::span<const double> slope_;
    bool with_prefill_;
    std::optional<IdleBand> band_;
    InferredPhases result_;
};

} // namespace

InferredPhases infer_phases(const UniformGrid& grid,
                            const PowerLevels& levels,
                            const PhaseMethod& method,
                            std::span<const double> slope,
                            bool with_prefill) {
    return Inference{grid, levels, method, slope, with_prefill}.run();
}

} // namespace joulemark::analysis

#include "analysis/power_levels.hpp"

#include "analysis/derivatives.hpp"
#include "analysis/quantiles.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

namespace joulemark::analysis {

namespace {

// What may be rest. Published idle powers are 5 to 25 % of the board limit (an H100 that holds
// weights: 123 of 700 W), up to 40 % on small boards.
constexpr double rest_below_share_of_limit = 0.40;
constexpr double quiet_rest_below_share_of_limit = 0.35;
constexpr double certain_rest_below_share_of_limit = 0.15;
constexpr double rest_below_share_of_high = 0.45;
constexpr double quiet_rest_below_share_of_high = 0.90;
constexpr Watts quiet_rest_without_limit{100.0};
constexpr double at_given_rest = 1.2; // times the given idle power
constexpr double quiet_cv = 0.01; // no load of tokens is as even as that on an unaveraged sensor
constexpr Seconds unaveraged_window{0.5};
constexpr double busy_utilisation = 0.5;
constexpr double idle_utilisation = 0.02;
constexpr double same_rest_share = 0.15; // of the way from the lowest rest to the highest power
constexpr double work_share = 0.25;      // likewise: surely work

struct Block {
    std::size_t first = 0; // node
    double mean = 0.0;
    double stdev = 0.0; // of a node
};

struct Blocks {
    std::size_t length = 0; // nodes
    std::vector<Block> quiet;
};

Block block_at(const UniformGrid& grid, std::size_t first, std::size_t length) {
    double sum = 0.0;
    double squares = 0.0;
    const double level = grid.power_watts[first];
    for (std::size_t k = first; k < first + length; ++k) {
        const double p = grid.power_watts[k] - level;
        sum += p;
        squares += p * p;
    }
    const double n = static_cast<double>(length);
    const double mean = sum / n;
    return {first, level + mean, std::sqrt(std::max(0.0, squares / n - mean * mean))};
}

// Half-overlapping blocks of half a second, or of a twentieth of a short window, at least four
// nodes. Quiet is what scatters no more than the quietest tenth of the run does.
Blocks quiet_blocks(const UniformGrid& grid, double high) {
    constexpr double loudest_share_of_high = 0.02;
    constexpr double loudest_times_noise = 1.5;
    const double nodes =
        std::min(0.5 / grid.step().value(), static_cast<double>(grid.power_watts.size()) / 20.0);
    const std::size_t length = std::min(std::max<std::size_t>(4, static_cast<std::size_t>(nodes)),
                                        grid.power_watts.size());
    const auto noise = noise_level(grid);
    const double loudest = std::max(noise ? loudest_times_noise * noise->quiet.value() : 0.0,
                                    loudest_share_of_high * high);
    Blocks blocks{length, {}};
    for (std::size_t first = 0; first + length <= grid.power_watts.size();
         first += std::max<std::size_t>(1, length / 2)) {
        const auto valid = grid.valid.begin() + static_cast<std::ptrdiff_t>(first);
        if (std::find(valid, valid + static_cast<std::ptrdiff_t>(length), 0) !=
            valid + static_cast<std::ptrdiff_t>(length)) {
            continue;
        }
        const Block block = block_at(grid, first, length);
        if (block.stdev <= loudest) {
            blocks.quiet.push_back(block);
        }
    }
    return blocks;
}

// Mean utilisation during the blocks; nothing without a reading in any of them.
std::optional<double> utilisation_during(const UniformGrid& grid,
                                         const Blocks& blocks,
                                         double highest_mean,
                                         const UtilisationView& utilisation) {
    double sum = 0.0;
    double count = 0.0;
    for (const Block& block : blocks.quiet) {
        if (block.mean > highest_mean) {
            continue;
        }
        const Instant end = grid.time(block.first + blocks.length - 1);
        auto t = std::ranges::lower_bound(utilisation.time, grid.time(block.first));
        for (; t != utilisation.time.end() && *t <= end; ++t) {
            const auto i = static_cast<std::size_t>(t - utilisation.time.begin());
            if (std::isfinite(utilisation.share[i])) {
                sum += utilisation.share[i];
                count += 1.0;
            }
        }
    }
    return count > 0.0 ? std::optional{sum / count} : std::nullopt;
}

// Highest power that two neighbouring nodes both reach.
std::optional<double> lasting_high(const UniformGrid& grid) {
    std::optional<double> high;
    for (std::size_t k = 0; k + 1 < grid.power_watts.size(); ++k) {
        if (grid.valid[k] != 0 && grid.valid[k + 1] != 0) {
            const double both = std::min(grid.power_watts[k], grid.power_watts[k + 1]);
            high = std::max(high.value_or(both), both);
        }
    }
    return high;
}

double median_of(const std::vector<Block>& blocks, double Block::* figure) {
    std::vector<double> values;
    for (const Block& block : blocks) {
        values.push_back(block.*figure);
    }
    return median(values);
}

// What the quiet blocks look like from afar.
struct Scene {
    Blocks blocks;
    Block lowest; // its stdev: median of the blocks near it
    Block highest;
    double high = 0.0;
    bool one_level = false; // no difference that could be one between rest and work
};

// One level: neither single nodes nor whole blocks stand clear of the lowest block.
bool is_one_level(const Scene& scene, const LevelHints& hints) {
    constexpr double clear = 8.0; // standard deviations
    const double low = scene.lowest.mean;
    const double least =
        hints.power_limit ? std::max(0.025 * hints.power_limit->value(), 0.10 * low) : 0.20 * low;
    const double node_noise = scene.lowest.stdev;
    const double block_noise = node_noise / std::sqrt(static_cast<double>(scene.blocks.length));
    return scene.high - low <= std::max(clear * node_noise, least) &&
           scene.highest.mean - low <= std::max(2.0 * clear * block_noise, least);
}

bool can_be_rest(const Scene& scene, const LevelHints& hints) {
    const double low = scene.lowest.mean;
    if (hints.idle_power && low <= at_given_rest * hints.idle_power->value()) {
        return true;
    }
    const bool quiet = scene.lowest.stdev <= quiet_cv * low &&
                       hints.sensor.averaging_window.value_or(Seconds{0.0}) < unaveraged_window;
    const auto below_share_of_limit = [&](double share) {
        return !hints.power_limit || low <= share * hints.power_limit->value();
    };
    if (scene.one_level) {
        return hints.power_limit
                   ? below_share_of_limit(certain_rest_below_share_of_limit) ||
                         (quiet && below_share_of_limit(quiet_rest_below_share_of_limit))
                   : quiet && Watts{low} < quiet_rest_without_limit;
    }
    return (low <= rest_below_share_of_high * scene.high &&
            below_share_of_limit(rest_below_share_of_limit)) ||
           (hints.power_limit && below_share_of_limit(certain_rest_below_share_of_limit)) ||
           (quiet && low <= quiet_rest_below_share_of_high * scene.high &&
            below_share_of_limit(quiet_rest_below_share_of_limit));
}

Scene look_at(const UniformGrid& grid, double high, const LevelHints& hints) {
    constexpr double near_lowest = 1.05;
    Scene scene{quiet_blocks(grid, high), {}, {}, high, false};
    const std::vector<Block>& quiet = scene.blocks.quiet;
    if (quiet.empty()) {
        return scene;
    }
    scene.lowest = *std::ranges::min_element(quiet, {}, &Block::mean);
    scene.highest = *std::ranges::max_element(quiet, {}, &Block::mean);
    std::vector<Block> near;
    std::ranges::copy_if(quiet, std::back_inserter(near), [&](const Block& block) {
        return block.mean <= near_lowest * scene.lowest.mean;
    });
    if (!near.empty()) { // none near a negative level
        scene.lowest.stdev = median_of(near, &Block::stdev);
    }
    scene.one_level = is_one_level(scene, hints);
    return scene;
}

// How many of the sorted blocks to take so that no level is cut through at `count`: back to the
// last clear step between neighbours. Where there is none, all of them are one level: at rest when
// the lowest is, unless rest is known to be elsewhere.
std::size_t whole_levels(const std::vector<Block>& sorted,
                         std::size_t count,
                         const Scene& scene,
                         const LevelHints& hints) {
    const double noise = scene.lowest.stdev / std::sqrt(static_cast<double>(scene.blocks.length));
    const double step = std::max(noise, 0.01 * (scene.high - scene.lowest.mean));
    std::size_t whole = count;
    while (whole > 0 && whole < sorted.size() &&
           sorted[whole].mean - sorted[whole - 1].mean < step) {
        --whole;
    }
    if (whole > 0) {
        return whole;
    }
    const bool elsewhere =
        hints.idle_power && scene.lowest.mean > at_given_rest * hints.idle_power->value();
    return elsewhere ? 0 : count;
}

// The blocks at rest; none when nothing here can be rest.
std::vector<Block> rest_blocks(const UniformGrid& grid,
                               const Scene& scene,
                               const LevelHints& hints) {
    const double bottom = hints.idle_power ? std::min(hints.idle_power->value(), scene.lowest.mean)
                                           : scene.lowest.mean;
    const double top =
        scene.one_level ? scene.high : bottom + same_rest_share * (scene.high - bottom);
    const auto busy = utilisation_during(grid, scene.blocks, top, hints.utilisation);
    if ((busy && *busy >= busy_utilisation) ||
        !((busy && *busy <= idle_utilisation) || can_be_rest(scene, hints))) {
        return {};
    }
    std::vector<Block> rest = scene.blocks.quiet;
    std::ranges::sort(rest, {}, &Block::mean);
    const auto cut = std::ranges::upper_bound(rest, top, {}, &Block::mean);
    rest.resize(whole_levels(rest, static_cast<std::size_t>(cut - rest.begin()), scene, hints));
    return rest;
}

void set_rest(PowerLevels& levels, const std::vector<Block>& rest) {
    std::vector<WeightedValue> means;
    for (const Block& block : rest) {
        means.push_back({block.mean, 1.0});
    }
    levels.idle = Watts{median_of(rest, &Block::mean)};
    levels.idle_top = Watts{weighted_quantiles(std::move(means), std::array{0.95}).front()};
    levels.idle_noise = Watts{median_of(rest, &Block::stdev)};
}

std::optional<Watts> median_above(const UniformGrid& grid, double watts) {
    std::vector<double> above;
    for (std::size_t k = 0; k < grid.power_watts.size(); ++k) {
        if (grid.valid[k] != 0 && grid.power_watts[k] > watts) {
            above.push_back(grid.power_watts[k]);
        }
    }
    return above.empty() ? std::nullopt : std::optional{Watts{median(above)}};
}

} // namespace

Watts PowerLevels::span() const {
    if (!active) {
        return Watts{0.0};
    }
    return std::max(*active - idle_top.value_or(Watts{0.0}), Watts{0.0});
}

PowerLevels find_levels(const UniformGrid& grid, const LevelHints& hints) {
    PowerLevels levels;
    const auto high = lasting_high(grid);
    levels.high = Watts{high.value_or(0.0)};
    const Scene scene = look_at(grid, levels.high.value(), hints);
    if (!scene.blocks.quiet.empty()) {
        if (const auto rest = rest_blocks(grid, scene, hints); !rest.empty()) {
            set_rest(levels, rest);
        }
    }
    const bool only_rests = scene.one_level && levels.idle_top;
    if (hints.idle_power) {
        levels.idle = hints.idle_power;
        levels.idle_source = Source::measured;
        levels.idle_top = std::max(levels.idle_top.value_or(*levels.idle), *levels.idle);
    }
    if (high && !only_rests) {
        const double rest = levels.idle_top.value_or(Watts{0.0}).value();
        levels.active =
            median_above(grid, levels.idle_top ? rest + work_share * (*high - rest) : 0.0);
    }
    return levels;
}

} // namespace joulemark::analysis

#include "device/power_log_bursts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>

namespace joulemark::device {

namespace {

constexpr std::size_t most_gpus = 64;
// Rows of one burst come sooner after each other than this, if there are only a few bursts to judge
// by.
constexpr Nanoseconds close_rows{50'000'000};
constexpr Nanoseconds too_close{10'000'000}; // so soon nvidia-smi hardly asks one GPU again
constexpr Nanoseconds pause_may_hide{
    20'000'000}; // at such a spacing the pause may be as short as the rest

// Spacings counted in 16 bins an octave; those below 33 us, zero above all, share the first bin.
class SpacingHistogram {
public:
    explicit SpacingHistogram(std::span<const Instant> times) {
        for (std::size_t i = 1; i < times.size(); ++i) {
            const Nanoseconds spacing = times[i] - times[i - 1];
            if (spacing < Nanoseconds{0}) {
                continue;
            }
            ++count_[bin_of(spacing)];
            ++total_;
            longest_ = std::max(longest_, spacing);
        }
    }

    [[nodiscard]] Nanoseconds longest() const { return longest_; }
    [[nodiscard]] Nanoseconds median() const { return median_of(0, bins); }
    [[nodiscard]] Nanoseconds median_up_to(Nanoseconds limit) const {
        return median_of(0, bin_of(limit) + 1);
    }
    [[nodiscard]] Nanoseconds median_above(Nanoseconds limit) const {
        return median_of(bin_of(limit) + 1, bins);
    }

    // Where the pause between the bursts of several GPUs must begin: the middle of the quietest
    // stretch that has at least a third of the spacings below it and one of 128 above it. 0 when
    // that stretch is not ten times quieter than either side: then no pause stands out.
    [[nodiscard]] Nanoseconds pause_threshold() const {
        Stretch best;
        Stretch current;
        std::size_t below = 0;
        for (std::size_t bin = 0; bin < bins; ++bin) {
            below += count_[bin];
            const std::size_t above = total_ - below;
            if (below * 3 < total_ || above * 2 * most_gpus < total_ || above == 0) {
                continue;
            }
            const std::size_t weight = weight_around(bin);
            if (weight * 10 > std::min(below, above)) {
                continue;
            }
            const bool goes_on = current.weight == weight && current.end == bin;
            current = {goes_on ? current.begin : bin, bin + 1, weight};
            if (current.is_better_than(best)) {
                best = current;
            }
        }
        return best.begin == best.end ? Nanoseconds{0}
                                      : upper_edge((best.begin + best.end - 1) / 2);
    }

private:
    static constexpr unsigned finest = 15; // 2^15 ns
    static constexpr unsigned sub_bits = 4;
    static constexpr std::size_t bins = (64 - finest) << sub_bits;

    struct Stretch {
        std::size_t begin = 0;
        std::size_t end = 0;
        std::size_t weight = std::numeric_limits<std::size_t>::max();

        [[nodiscard]] bool is_better_than(const Stretch& other) const {
            return weight < other.weight ||
                   (weight == other.weight && end - begin > other.end - other.begin);
        }
    };

    static std::size_t bin_of(Nanoseconds spacing) {
        const auto ns =
            std::max(static_cast<std::uint64_t>(spacing.count()), std::uint64_t{1} << finest);
        const auto octave = static_cast<unsigned>(std::bit_width(ns)) - 1;
        const auto sub = (ns >> (octave - sub_bits)) & ((1U << sub_bits) - 1);
        return (std::size_t{octave - finest} << sub_bits) + sub;
    }

    static Nanoseconds upper_edge(std::size_t bin) {
        const std::size_t next = bin + 1;
        const auto octave = static_cast<unsigned>(next >> sub_bits) + finest;
        const std::uint64_t sixteenths = (next & ((1U << sub_bits) - 1)) + (1U << sub_bits);
        return Nanoseconds{static_cast<std::int64_t>((sixteenths << (octave - sub_bits)) - 1)};
    }

    // Six bins to each side: a factor of 1.2 to 1.4.
    [[nodiscard]] std::size_t weight_around(std::size_t bin) const {
        constexpr std::size_t reach = 6;
        std::size_t sum = 0;
        for (std::size_t i = bin - std::min(bin, reach); i < std::min(bin + reach + 1, bins); ++i) {
            sum += count_[i];
        }
        return sum;
    }

    [[nodiscard]] Nanoseconds median_of(std::size_t begin, std::size_t end) const {
        std::size_t all = 0;
        for (std::size_t bin = begin; bin < end; ++bin) {
            all += count_[bin];
        }
        std::size_t seen = 0;
        for (std::size_t bin = begin; bin < end; ++bin) {
            seen += count_[bin];
            if (seen * 2 > all) {
                return bin == 0 ? Nanoseconds{0} : upper_edge(bin);
            }
        }
        return Nanoseconds{0};
    }

    std::array<std::size_t, bins> count_{};
    std::size_t total_ = 0;
    Nanoseconds longest_{0};
};

// Mean distance between readings `lag` rows apart; NaN when there is none to take.
double mean_change(std::span<const double> power, std::size_t lag) {
    double sum = 0.0;
    std::size_t count = 0;
    for (std::size_t i = lag; i < power.size(); ++i) {
        const double change = std::abs(power[i] - power[i - lag]);
        if (std::isnan(change)) {
            continue;
        }
        sum += change;
        ++count;
    }
    return count == 0 ? std::nan("") : sum / static_cast<double>(count);
}

// The number of GPUs that take turns in this piece of a log, 1 when none shows: readings `n` rows
// apart are much closer to each other than neighbours are, and neighbours differ about as much as
// any two.
std::size_t turns_in(std::span<const double> power) {
    constexpr std::size_t most_turns = 16;
    std::array<double, most_turns + 1> change{};
    for (std::size_t lag = 1; lag <= most_turns; ++lag) {
        change[lag] = mean_change(power, lag);
    }
    double smallest = change[1];
    double largest = change[1];
    for (std::size_t lag = 2; lag <= most_turns; ++lag) {
        if (change[lag] < 0.5 * smallest && change[1] >= 0.3 * largest) {
            return lag;
        }
        smallest = std::min(smallest, change[lag]);
        largest = std::max(largest, change[lag]);
    }
    return 1;
}

// The same number in at least three of four pieces in which the power changes at all; else 1.
std::size_t turns_taken(std::span<const double> power) {
    constexpr std::size_t pieces = 8;
    constexpr std::size_t longest_piece = 4096;
    std::map<std::size_t, std::size_t> votes;
    std::size_t voters = 0;
    for (std::size_t piece = 0; piece < pieces; ++piece) {
        const std::size_t begin = power.size() * piece / pieces;
        const std::size_t end =
            std::min(power.size() * (piece + 1) / pieces, begin + longest_piece);
        const auto part = power.subspan(begin, end - begin);
        if (!(mean_change(part, 1) > 0.0)) {
            continue;
        }
        ++voters;
        ++votes[turns_in(part)];
    }
    for (const auto& [turns, count] : votes) {
        if (turns > 1 && count * 4 >= voters * 3) {
            return turns;
        }
    }
    return 1;
}

struct LengthCount {
    std::size_t length = 0;
    std::size_t count = 0;
    std::size_t of = 0;
};

// The first and the last burst of a longer file may be cut and are not counted.
LengthCount most_frequent_length(std::span<const Burst> bursts) {
    if (bursts.size() >= 5) {
        bursts = bursts.subspan(1, bursts.size() - 2);
    }
    std::map<std::size_t, std::size_t> counts;
    for (const Burst& burst : bursts) {
        ++counts[burst.count];
    }
    LengthCount best{0, 0, bursts.size()};
    for (const auto& [length, count] : counts) {
        if (count > best.count) {
            best = {length, count, bursts.size()};
        }
    }
    return best;
}

Interleaving judge(const BurstFinding& finding, double share) {
    if (finding.rows_per_burst < 2 || finding.rows_per_burst > most_gpus) {
        return Interleaving::one;
    }
    const bool many = finding.bursts >= 5;
    if (share >= 0.8 && (many || finding.within < too_close)) {
        return Interleaving::several;
    }
    // One GPU whose rows come late at random moments has bursts of every length, none of them
    // frequent.
    return share >= 0.4 && finding.within < close_rows ? Interleaving::unclear : Interleaving::one;
}

} // namespace

std::string BurstFinding::describe() const {
    const auto milliseconds = [](Nanoseconds d) { return static_cast<double>(d.count()) * 1e-6; };
    if (threshold == Nanoseconds{0}) {
        return rows_per_burst > 1
                   ? fmt::format("power readings that repeat every {} rows", rows_per_burst)
                   : std::string("rows too close to each other for one GPU");
    }
    std::string apart = within < Nanoseconds{1'000'000}
                            ? std::string("at the same time")
                            : fmt::format("about {:.0f} ms apart", milliseconds(within));
    return fmt::format("{} rows at a time, {}, then a pause of about {:.0f} ms ({} of {} bursts)",
                       rows_per_burst,
                       apart,
                       milliseconds(between),
                       bursts_of_that_length,
                       bursts);
}

BurstFinding find_bursts(std::span<const Instant> times, std::span<const double> power) {
    BurstFinding finding;
    if (times.size() < 2) {
        return finding;
    }
    finding.whole_seconds =
        std::ranges::all_of(times, [](Instant t) { return count_ns(t) % 1'000'000'000 == 0; });
    const SpacingHistogram spacings(times);
    finding.within = spacings.median();
    finding.threshold = spacings.pause_threshold();
    if (finding.threshold > Nanoseconds{0}) {
        const std::vector<Burst> bursts = bursts_of(times, finding.threshold);
        const LengthCount best = most_frequent_length(bursts);
        finding.rows_per_burst = best.length;
        finding.bursts = best.of;
        finding.bursts_of_that_length = best.count;
        finding.within = spacings.median_up_to(finding.threshold);
        finding.between = spacings.median_above(finding.threshold);
        finding.verdict =
            judge(finding, static_cast<double>(best.count) / static_cast<double>(best.of));
    } else if (times.size() <= most_gpus ? spacings.longest() < too_close
                                         : finding.within == Nanoseconds{0}) {
        finding.verdict = Interleaving::unclear;
    } else if (times.size() > most_gpus && finding.within < pause_may_hide) {
        finding.rows_per_burst = turns_taken(power);
        if (finding.rows_per_burst > 1) {
            finding.verdict = Interleaving::several;
        }
    }
    return finding;
}

std::vector<Burst> bursts_of(std::span<const Instant> times, Nanoseconds threshold) {
    std::vector<Burst> bursts;
    std::size_t first = 0;
    for (std::size_t i = 1; i <= times.size(); ++i) {
        if (i < times.size()) {
            const Nanoseconds wait = times[i] - times[i - 1];
            if (wait >= Nanoseconds{0} && wait <= threshold) {
                continue;
            }
        }
        bursts.push_back({first, i - first});
        first = i;
    }
    return bursts;
}

} // namespace joulemark::device

#include "analysis/power_track.hpp"

#include <algorithm>
#include <cmath>

namespace joulemark::analysis {

namespace {

// Polls further apart than this many expected spacings leave a hole.
constexpr double hole_factor = 3.0;
constexpr std::size_t spacing_sample = 4096;

struct Poll {
    Instant time;
    double watts;
};

std::vector<Poll> valid_polls(std::span<const Instant> time, std::span<const double> watts) {
    std::vector<Poll> polls;
    polls.reserve(std::min(time.size(), watts.size()));
    for (std::size_t i = 0; i < time.size() && i < watts.size(); ++i) {
        if (!std::isnan(watts[i])) {
            polls.push_back({time[i], watts[i]});
        }
    }
    return polls;
}

std::optional<double> median(std::vector<double> values) {
    if (values.empty()) {
        return std::nullopt;
    }
    const auto mid = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, mid);
    return *mid;
}

// Spacing of the polls, and of those at which the reading changed, from the first few thousand.
struct Spacings {
    std::optional<double> poll;
    std::optional<double> change;
};

Spacings spacings(std::span<const Poll> polls) {
    std::vector<double> between_polls;
    std::vector<double> between_changes;
    std::optional<Instant> last_change;
    for (std::size_t i = 1; i < polls.size() && between_polls.size() < spacing_sample; ++i) {
        between_polls.push_back(to_seconds(polls[i].time - polls[i - 1].time).value());
        if (polls[i].watts == polls[i - 1].watts) {
            continue;
        }
        if (last_change) {
            between_changes.push_back(to_seconds(polls[i].time - *last_change).value());
        }
        last_change = polls[i].time;
    }
    return {median(between_polls), median(between_changes)};
}

SensorTiming timing_of(const Spacings& seen, const std::optional<SensorProfile>& profile) {
    SensorTiming timing{Seconds{0.0}, Seconds{0.0}, Seconds{0.0}, true};
    if (profile && profile->averaging_window) {
        timing.averaging_window = *profile->averaging_window;
    }
    if (profile && profile->delay) {
        timing.delay = *profile->delay;
    }
    const double poll = seen.poll.value_or(0.0);
    if (profile && profile->update_period) {
        timing.update_period = Seconds{std::max(profile->update_period->value(), poll)};
        timing.assumed = false;
    } else {
        timing.update_period = Seconds{std::max(poll, seen.change.value_or(poll))};
    }
    return timing;
}

// Lays tiles end to end: each new one closes the tile before it.
class TileWriter {
public:
    explicit TileWriter(PowerTrack& track) : track_(track) {}

    void begin(Instant at) {
        track_.bound.push_back(at);
        track_.energy.push_back(0.0);
    }
    // A bound that would not lie after the last one leaves the track as it is: the tile has no
    // width.
    void tile_until(Instant end, double watts, bool hole) {
        const Instant start = track_.bound.back();
        if (end <= start) {
            return;
        }
        track_.bound.push_back(end);
        track_.watts.push_back(watts);
        track_.hole.push_back(hole);
        track_.energy.push_back(track_.energy.back() + watts * to_seconds(end - start).value());
    }

private:
    PowerTrack& track_;
};

} // namespace

double PowerTrack::energy_until(Instant t) const {
    if (t <= bound.front()) {
        return to_seconds(t - bound.front()).value() * watts.front();
    }
    if (t >= bound.back()) {
        return energy.back() + to_seconds(t - bound.back()).value() * watts.back();
    }
    const std::size_t i = tile_at(t);
    return energy[i] + to_seconds(t - bound[i]).value() * watts[i];
}

std::size_t PowerTrack::tile_at(Instant t) const {
    const auto after = std::ranges::upper_bound(bound, t);
    const auto index = std::max<std::ptrdiff_t>(0, after - bound.begin() - 1);
    return std::min(static_cast<std::size_t>(index), watts.size() - 1);
}

PowerTrack track_power(std::span<const Instant> time,
                       std::span<const double> watts,
                       const std::optional<SensorProfile>& profile) {
    PowerTrack track;
    const std::vector<Poll> polls = valid_polls(time, watts);
    if (polls.size() < 2) {
        return track;
    }
    const Spacings seen = spacings(polls);
    track.timing = timing_of(seen, profile);
    const double period = track.timing.update_period.value();
    const Nanoseconds half_period = to_nanoseconds(Seconds{period / 2});
    // A reading at the moment its register is refreshed is about power this long ago, in the mean.
    const Nanoseconds age = to_nanoseconds(track.timing.delay + track.timing.averaging_window / 2);
    const double longest_step = hole_factor * std::max(seen.poll.value_or(period), period);

    TileWriter tiles(track);
    tiles.begin(polls.front().time - half_period - age - half_period);
    track.constant = true;
    Instant refreshed = polls.front().time - half_period;
    double value = polls.front().watts;
    for (std::size_t i = 1; i < polls.size(); ++i) {
        const Nanoseconds step = polls[i].time - polls[i - 1].time;
        const bool hole = to_seconds(step).value() > longest_step;
        if (hole) {
            tiles.tile_until(polls[i - 1].time - age, value, false);
            tiles.tile_until(polls[i].time - half_period - age - half_period,
                             (value + polls[i].watts) / 2,
                             true);
        }
        if (polls[i].watts == value && !hole) {
            continue;
        }
        track.constant = track.constant && polls[i].watts == value;
        const Instant refresh = polls[i].time - std::min(step, 2 * half_period) / 2;
        if (!hole) {
            const Nanoseconds reach = std::min((refresh - refreshed) / 2, half_period);
            tiles.tile_until(refresh - age - reach, value, false);
        }
        refreshed = refresh;
        value = polls[i].watts;
    }
    tiles.tile_until(polls.back().time - age, value, false);
    return track;
}

} // namespace joulemark::analysis

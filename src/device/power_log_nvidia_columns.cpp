#include "device/power_log_nvidia_columns.hpp"

#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace joulemark::device {

namespace {

enum class Use { time, index, key, name, reading };

// Where several columns serve one use, the first of this table is taken: the instantaneous power
// before the one of unknown window before the average; the UUID, which stays when GPUs are
// renumbered, before the index.
struct KnownColumn {
    std::string_view name;
    Use use;
    Metric metric = Metric::power;
};

constexpr std::array<KnownColumn, 22> known_columns{{
    {"timestamp", Use::time},
    {"uuid", Use::key},
    {"gpu_uuid", Use::key},
    {"pci.bus_id", Use::key},
    {"gpu_bus_id", Use::key},
    {"index", Use::index},
    {"name", Use::name},
    {"gpu_name", Use::name},
    {"power.draw.instant", Use::reading, Metric::power},
    {"power.draw", Use::reading, Metric::power},
    {"power.draw.average", Use::reading, Metric::power},
    {"utilization.gpu", Use::reading, Metric::utilisation},
    {"utilization.memory", Use::reading, Metric::memory_utilisation},
    {"temperature.gpu", Use::reading, Metric::temperature},
    {"temperature.memory", Use::reading, Metric::memory_temperature},
    {"memory.used", Use::reading, Metric::memory_used},
    {"clocks.current.sm", Use::reading, Metric::sm_clock},
    {"clocks.sm", Use::reading, Metric::sm_clock},
    {"clocks.current.memory", Use::reading, Metric::memory_clock},
    {"clocks.mem", Use::reading, Metric::memory_clock},
    {"enforced.power.limit", Use::reading, Metric::power_limit},
    {"power.limit", Use::reading, Metric::power_limit},
}};

struct KnownFact {
    std::string_view name;
    std::optional<std::string> DeviceInfo::* member;
};

constexpr std::array<KnownFact, 9> known_facts{{
    {"uuid", &DeviceInfo::uuid},
    {"gpu_uuid", &DeviceInfo::uuid},
    {"pci.bus_id", &DeviceInfo::pci_bus_id},
    {"gpu_bus_id", &DeviceInfo::pci_bus_id},
    {"serial", &DeviceInfo::serial},
    {"gpu_serial", &DeviceInfo::serial},
    {"driver_version", &DeviceInfo::driver},
    {"vbios_version", &DeviceInfo::vbios},
    {"compute_cap", &DeviceInfo::compute_capability},
}};

struct KnownLimit {
    std::string_view name;
    std::optional<Watts> DeviceInfo::* member;
};

constexpr std::array<KnownLimit, 5> known_limits{{
    {"enforced.power.limit", &DeviceInfo::power_limit},
    {"power.limit", &DeviceInfo::power_limit},
    {"power.default_limit", &DeviceInfo::power_limit_default},
    {"power.min_limit", &DeviceInfo::power_limit_min},
    {"power.max_limit", &DeviceInfo::power_limit_max},
}};

constexpr std::string_view example_query =
    "nvidia-smi "
    "--query-gpu=timestamp,index,uuid,name,power.draw,utilization.gpu,utilization.memory "
    "--format=csv -lms 100";

struct HeaderCell {
    std::string name; // lower case
    std::string_view unit;
};

// "power.draw [W]" is "power.draw" in "W".
HeaderCell header_cell(std::string_view cell) {
    const std::size_t open = cell.rfind('[');
    if (open == std::string_view::npos || !cell.ends_with(']')) {
        return {to_lower(cell), {}};
    }
    return {to_lower(trim_blanks(cell.substr(0, open))),
            cell.substr(open + 1, cell.size() - open - 2)};
}

template <class Table> std::size_t rank_in(const Table& table, std::string_view name) {
    const auto found = std::ranges::find(table, name, [](const auto& row) { return row.name; });
    return static_cast<std::size_t>(found - table.begin());
}

bool is_watts(std::string_view cell) {
    return take_number(cell).has_value() && trim_blanks(cell) == "W";
}

bool is_uuid(std::string_view cell) { return cell.starts_with("GPU-") && cell.size() == 40; }

// "00000000:07:00.0"
bool is_bus_id(std::string_view cell) {
    return cell.size() >= 12 && cell[cell.size() - 2] == '.' && cell[cell.size() - 5] == ':' &&
           std::ranges::count(cell, ':') == 2;
}

bool is_product(std::string_view cell) {
    return cell.starts_with("NVIDIA ") || cell.starts_with("Tesla ") ||
           cell.starts_with("GeForce ");
}

PowerReading reading_of(std::string_view column) {
    if (column == "power.draw.instant") {
        return PowerReading::instant;
    }
    if (column == "power.draw.average") {
        return PowerReading::average;
    }
    return PowerReading::power_draw;
}

} // namespace

bool NvidiaColumns::is_header(const CsvFields& fields) {
    std::size_t known = 0;
    for (const std::string_view field : fields.all()) {
        const HeaderCell cell = header_cell(field);
        if (cell.name.starts_with("power.draw")) {
            return true;
        }
        if (rank_in(known_columns, cell.name) < known_columns.size()) {
            ++known;
        }
    }
    // "timestamp" and "index" alone are names that other tools use too.
    return known > 1 && std::ranges::any_of(fields.all(), [](std::string_view field) {
               return field.find('.') != std::string_view::npos;
           });
}

bool NvidiaColumns::is_row(const CsvFields& fields) {
    const auto times = std::ranges::count_if(fields.all(), looks_like_time);
    return times == 1 && fields.size() > 1 &&
           std::ranges::none_of(fields.all(),
                                [](std::string_view f) { return header_cell(f).name == "time"; });
}

void NvidiaColumns::add_reading(std::size_t place,
                                std::string_view name,
                                Metric metric,
                                std::string_view unit) {
    if (auto cells = MetricCells::make(name, metric, unit)) {
        readings_.push_back({place, std::move(*cells)});
    } else {
        ++unknown_;
    }
}

void NvidiaColumns::add_header(std::size_t place, std::string_view header) {
    const HeaderCell cell = header_cell(header);
    if (const auto fact = rank_in(known_facts, cell.name); fact < known_facts.size()) {
        facts_.push_back({place, known_facts[fact].member});
    }
    if (const auto limit = rank_in(known_limits, cell.name); limit < known_limits.size()) {
        limits_.push_back({place, known_limits[limit].member, std::string(cell.unit)});
    }
    const auto rank = rank_in(known_columns, cell.name);
    if (rank == known_columns.size()) {
        return;
    }
    const KnownColumn& known = known_columns[rank];
    switch (known.use) {
    case Use::time:
        time_ = time_.value_or(place);
        break;
    case Use::key:
        key_ = key_.value_or(place);
        break;
    case Use::index:
        index_ = index_.value_or(place);
        break;
    case Use::name:
        name_ = name_.value_or(place);
        break;
    case Use::reading:
        add_reading(place, known.name, known.metric, cell.unit);
        break;
    }
}

// One column for each metric, the best; an average beside another power reading is a metric of its
// own.
Result<void> NvidiaColumns::complete() {
    if (!key_) {
        key_ = index_;
    }
    std::ranges::stable_sort(
        readings_, {}, [](const Reading& r) { return rank_in(known_columns, r.cells.column()); });
    std::vector<Reading> chosen;
    for (Reading& reading : readings_) {
        Metric metric = reading.cells.metric();
        const bool is_average = reading.cells.column() == "power.draw.average";
        if (is_average && std::ranges::count(metrics_, Metric::power) != 0) {
            metric = Metric::average_power;
        }
        if (std::ranges::count(metrics_, metric) != 0) {
            continue;
        }
        reading.cells.serve(metric);
        metrics_.push_back(metric);
        chosen.push_back(std::move(reading));
    }
    readings_ = std::move(chosen);
    if (!time_) {
        return fail(Kind::parse,
                    fmt::format("its rows have no times; log with `{}`", example_query));
    }
    if (std::ranges::count(metrics_, Metric::power) == 0) {
        return fail(Kind::parse,
                    fmt::format("no column holds a power; log with `{}`", example_query));
    }
    return {};
}

Result<NvidiaColumns> NvidiaColumns::from_header(const CsvFields& header) {
    NvidiaColumns columns(header.size());
    for (std::size_t i = 0; i < header.size(); ++i) {
        columns.add_header(i, header[i]);
    }
    if (auto complete = columns.complete(); !complete) {
        return tl::unexpected(complete.error());
    }
    return columns;
}

Result<NvidiaColumns> NvidiaColumns::from_row(const CsvFields& row) {
    constexpr std::string_view fix =
        "put the line of column names in front that nvidia-smi writes without `noheader`, as in "
        "`timestamp, power.draw [W], utilization.gpu [%], utilization.memory [%]`";
    NvidiaColumns columns(row.size());
    if (std::ranges::count_if(row.all(), is_watts) != 1) {
        return fail(Kind::parse,
                    fmt::format("it has no header and not exactly one column in W; {}", fix));
    }
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (looks_like_time(row[i])) {
            columns.add_header(i, "timestamp");
        } else if (is_watts(row[i])) {
            columns.add_header(i, "power.draw [W]");
        } else if (is_uuid(row[i])) {
            columns.add_header(i, "uuid");
        } else if (is_bus_id(row[i])) {
            columns.add_header(i, "pci.bus_id");
        } else if (is_product(row[i])) {
            columns.add_header(i, "name");
        } else {
            ++columns.unknown_;
        }
    }
    if (auto complete = columns.complete(); !complete) {
        return tl::unexpected(complete.error());
    }
    return columns;
}

std::optional<RowFault> NvidiaColumns::read(const CsvFields& fields,
                                            bool terminated,
                                            NvidiaRow& row) {
    if (fields.size() != width_) {
        return RowFault{{},
                        {},
                        fields.size() < width_ ? "has fewer columns than the header"
                                               : "has more columns than the header"};
    }
    const auto time = times_.read(fields[*time_]);
    if (!time) {
        return RowFault{"timestamp", fields[*time_], "is not a time"};
    }
    row.time_ns = *time;
    row.key = key_ ? fields[*key_] : std::string_view{};
    if (key_ && is_missing(row.key)) {
        return RowFault{{}, row.key, "does not name a GPU"};
    }
    row.name = name_ && !is_missing(fields[*name_]) ? fields[*name_] : std::string_view{};
    for (Reading& reading : readings_) {
        const auto metric = static_cast<std::size_t>(reading.cells.metric());
        if (!reading.cells.read(fields[reading.place], row.values[metric])) {
            return reading.cells.fault(fields[reading.place]);
        }
    }
    if (!terminated && may_be_cut(fields)) {
        return RowFault{{}, fields[width_ - 1], "may be cut off: the file ends in it"};
    }
    return std::nullopt;
}

// The last cell of a last line without line break: whole if it ends as its column does.
bool NvidiaColumns::may_be_cut(const CsvFields& fields) const {
    const std::size_t last = width_ - 1;
    if (time_ == last) {
        return time_length_ != 0 && fields[last].size() != time_length_;
    }
    if (fields[last].empty()) {
        return true;
    }
    const auto found = std::ranges::find(readings_, last, &Reading::place);
    return found != readings_.end() && found->cells.may_be_cut(fields[last]);
}

void NvidiaColumns::settle(const CsvFields& fields) {
    if (settled_) {
        return;
    }
    if (time_length_ == 0) {
        time_length_ = fields[*time_].size();
    }
    settled_ = true;
    for (Reading& reading : readings_) {
        reading.cells.settle();
        settled_ = settled_ && reading.cells.settled();
    }
}

void NvidiaColumns::describe_product(std::string_view product, DeviceInfo& device) const {
    const auto power = std::ranges::find(metrics_, Metric::power) - metrics_.begin();
    const std::string& column = readings_[static_cast<std::size_t>(power)].cells.column();
    describe_gpu(device, product, reading_of(column), "nvidia-smi " + column);
}

void NvidiaColumns::describe(const CsvFields& fields,
                             const std::string& gpu_model,
                             DeviceInfo& device) const {
    const bool named = name_ && !is_missing(fields[*name_]);
    describe_product(named ? fields[*name_] : std::string_view(gpu_model), device);
    for (const Fact& fact : facts_) {
        if (!is_missing(fields[fact.place])) {
            device.*fact.member = printable(fields[fact.place]);
        }
    }
    for (const Limit& limit : limits_) {
        auto cells = MetricCells::make({}, Metric::power_limit, limit.unit);
        double watts = missing_reading;
        if (cells && cells->read(fields[limit.place], watts) && !std::isnan(watts) &&
            !(device.*limit.member)) {
            device.*limit.member = Watts{watts};
        }
    }
    device.name = index_ ? fmt::format("gpu{}", printable(fields[*index_], 20))
                  : key_ ? printable(fields[*key_], 60)
                         : std::string("gpu0");
}

} // namespace joulemark::device

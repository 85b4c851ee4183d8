#include "verbs/recording.hpp"

#include <mutex>
#include <utility>

namespace joulemark::verbs {

namespace {

// The drain thread appends while the verb's thread updates the record: the writer is for one at a
// time.
class StoreSink final : public sampler::SampleSink {
public:
    explicit StoreSink(std::unique_ptr<store::RunWriter> writer) : writer_(std::move(writer)) {}

    Result<void> accept(std::size_t device, const Columns& fast, const Columns& slow) override {
        const std::lock_guard lock(mutex_);
        return writer_->append(device, fast, slow);
    }
    Result<void> update(const RunRecord& record) {
        const std::lock_guard lock(mutex_);
        return writer_->update(record);
    }
    Result<void> finish(const RunRecord& record, const std::vector<SamplingReport>& reports) {
        const std::lock_guard lock(mutex_);
        return writer_->finish(record, reports);
    }

private:
    std::mutex mutex_;
    std::unique_ptr<store::RunWriter> writer_;
};

class StoredRecording final : public Recording {
public:
    explicit StoredRecording(std::unique_ptr<store::RunWriter> writer) : sink_(std::move(writer)) {}

    Result<void> start(std::vector<std::unique_ptr<device::Device>> devices,
                       const sampler::Options& options,
                       Clock& clock) {
        auto started = sampler::Sampler::start(std::move(devices), options, clock, sink_);
        if (!started) {
            return tl::unexpected(started.error());
        }
        sampler_ = std::move(*started);
        return {};
    }

    [[nodiscard]] bool failed() const override { return sampler_->failed(); }
    void note_workload(bool active) override { sampler_->note_workload(active); }

    void fill(Progress& progress) const override {
        for (const sampler::Snapshot& device : sampler_->snapshot()) {
            progress.samples += device.samples;
            if (device.fast && device.fast->power) {
                progress.power = progress.power.value_or(Watts{0.0}) + *device.fast->power;
            }
        }
    }

    Result<void> update(const RunRecord& record) override { return sink_.update(record); }

    Result<void> finish(const RunRecord& record) override {
        auto reports = sampler_->stop();
        if (!reports) {
            return tl::unexpected(reports.error());
        }
        return sink_.finish(record, *reports);
    }

private:
    StoreSink sink_;
    std::unique_ptr<sampler::Sampler> sampler_; // after the sink: its threads use it
};

} // namespace

Result<std::unique_ptr<Recording>> Recording::start(
    RunRecord& record,
    std::vector<std::unique_ptr<device::Device>> devices,
    const sampler::Options& options,
    store::Store& store,
    Clock& clock) {
    record.anchor = clock.anchor();
    record.created_unix_ns = record.anchor->unix_ns;
    record.interval = options.interval;
    for (const auto& device : devices) {
        record.devices.push_back(device->info());
        record.simulated = record.simulated || device->info().simulated;
    }
    auto writer = store.begin(record);
    if (!writer) {
        return tl::unexpected(writer.error());
    }
    auto recording = std::make_unique<StoredRecording>(std::move(*writer));
    if (auto started = recording->start(std::move(devices), options, clock); !started) {
        // Nothing was recorded: a run that never was must not be listed.
        recording.reset();
        if (auto removed = store.remove(record.id); !removed) {
            return tl::unexpected(removed.error());
        }
        return tl::unexpected(started.error());
    }
    return recording;
}

} // namespace joulemark::verbs

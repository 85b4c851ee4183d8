// A recording in progress: sampler threads write to the store while somebody waits for the window
// to end. Owns the sampler and the writer; the store and the clock outlive it. Used from one
// thread.
#pragma once

#include "core/result.hpp"
#include "core/run.hpp"
#include "sampler/sampler.hpp"
#include "store/store.hpp"
#include "verbs/context.hpp"

#include <memory>
#include <vector>

namespace joulemark::verbs {

class Recording {
public:
    // Gives `record` its id, devices and anchor, and begins to record.
    [[nodiscard]] static Result<std::unique_ptr<Recording>> start(
        RunRecord& record,
        std::vector<std::unique_ptr<device::Device>> devices,
        const sampler::Options& options,
        store::Store& store,
        Clock& clock);

    virtual ~Recording() = default;

    // True when the store has failed: nothing more is kept.
    [[nodiscard]] virtual bool failed() const = 0;
    virtual void note_workload(bool active) = 0;
    // Newest power summed over the devices, and readings so far.
    virtual void fill(Progress& progress) const = 0;
    // Writes down what is known so far, for the case that we are killed.
    [[nodiscard]] virtual Result<void> update(const RunRecord& record) = 0;
    // Stops the sampler and closes the run. Call once.
    [[nodiscard]] virtual Result<void> finish(const RunRecord& record) = 0;
};

} // namespace joulemark::verbs

// The script language of the fake NVML: one statement a line, words separated by spaces, "#" begins
// a comment. Durations take us, ms, s, m or h ("250us"); watts and joules are plain numbers; names
// of functions are without _v2.
//
// About the machine:
//     driver TEXT | nvml TEXT         versions (default 580.65.06)
//     latency [FUNCTION] DURATION     what each call takes; half of it before the value is read
//     fail FUNCTION CODE [TIMES]      the next TIMES calls return CODE (default: all until "fail
//     FUNCTION 0") process_size 24|32              element of the newest process list, 32 as in
//     driver series 530
// About GPUs; a latency or fail among them is of that GPU alone:
//     gpu PRESET                      one more: h200 h100 a100 v100 rtx4090 rtx3090 gh200 b200 k80
//     on N | on all                   the following is about GPU N again | about the machine
//     name uuid serial vbios pci TEXT
//     architecture N | capability MAJOR.MINOR (either also none)
//     power constant W | square LOW HIGH PERIOD [DUTY] | ramp FROM TO DURATION     true power from
//     now on instant none | UPDATE WINDOW    register behind field 186 average none | UPDATE WINDOW
//     register behind field 185 usage none|instant|average      which of the two
//     nvmlDeviceGetPowerUsage shows counter none | TICK [JOULES]    energy counter, and what it
//     shows now ring none | PERIOD CAPACITY [monotonic] [repeating|backwards] [watts] field
//     ID[/SCOPE] own|untouched|code N|value N|type N|stamp N      against what the GPU would answer
//     itself throttle FIELD FROM TO          a nanosecond counter runs between two times of the
//     machine reasons none|MASK               clock event reasons temperature none|C |
//     memory_temperature none|C | utilisation none|GPU% MEMORY% memory TOTAL USED RESERVED bytes |
//     clocks none|SM MEMORY      MHz limits none|CURRENT DEFAULT MIN MAX | persistence none|on|off
//     | virtual none|passthrough|guest|host mig off|on UUID...              | process PID
//     BYTES|unknown refuse CODE                     no handle for this GPU: CODE instead (0: again)
//     lost [FROM TO] | back | remove  GPU_IS_LOST from now on or between two times | as before |
//     not in any list
#pragma once

#include "fakes/nvml/scenario.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace fake_nvml {

// Carries the statements out on `scenario`, all or none; the complaint about the first that is not
// understood.
[[nodiscard]] std::optional<std::string> apply_script(std::string_view text, Scenario& scenario);

} // namespace fake_nvml

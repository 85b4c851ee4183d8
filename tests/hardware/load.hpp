// A load generator run as a child process. It says on its standard output, one line each, on
// CLOCK_MONOTONIC:
//
//     about WHAT IT DOES
//     begin NAME NANOSECONDS
//     end NAME NANOSECONDS FLOP
//
// The child is ended when the Load goes. One thread.
#pragma once

#include "core/result.hpp"
#include "core/time.hpp"

#include <sys/types.h>

#include <string>
#include <vector>

namespace joulemark::hardware {

struct LoadWindow {
    std::string name;
    Window window;
    double flop = 0.0;
};

class Load {
public:
    [[nodiscard]] static Result<Load> start(const std::vector<std::string>& command);

    Load(Load&& other) noexcept;
    Load& operator=(Load&&) = delete;
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;
    ~Load();

    // Takes in what the child has said; false once it has ended.
    [[nodiscard]] bool running();

    [[nodiscard]] const std::string& about() const { return about_; }
    [[nodiscard]] const std::vector<LoadWindow>& windows() const { return windows_; }
    // Of the child after its end, shell convention.
    [[nodiscard]] int exit_status() const { return exit_status_; }

private:
    Load(pid_t child, int output) : child_(child), output_(output) {}
    void take_line(const std::string& line);

    pid_t child_;
    int output_;
    std::string pending_;
    std::string about_;
    std::vector<LoadWindow> open_;
    std::vector<LoadWindow> windows_;
    int exit_status_ = 0;
};

} // namespace joulemark::hardware

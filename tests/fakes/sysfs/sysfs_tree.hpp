// A temporary folder laid out like the root of a Linux machine, as far as power sensors go:
// `sys/class/hwmon`, `sys/class/powercap`, `proc/cpuinfo`. Removed when it goes out of scope.
//
//     SysfsTree tree;
//     tree.add_hwmon(3, "amdgpu", "0000:03:00.0", {{"power1_average", "35000000"}});
//     tree.add_zone("intel-rapl:0", "package-0", {{"energy_uj", "123"}});
//     find_hwmon_meters(tree.sysfs());
#pragma once

#include <sys/fsuid.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace joulemark::fakes {

using FileContents = std::vector<std::pair<std::string, std::string>>;

class SysfsTree {
public:
    SysfsTree() {
        std::string folder =
            (std::filesystem::temp_directory_path() / "joulemark-sysfs-XXXXXX").string();
        if (mkdtemp(folder.data()) == nullptr) {
            throw std::system_error(errno, std::generic_category(), "mkdtemp");
        }
        root_ = folder;
        // Other users may enter, so that `Unprivileged` meets the mode of the file and not of the
        // folder.
        std::filesystem::permissions(root_, std::filesystem::perms{0755});
        std::filesystem::create_directories(root_ / "sys");
    }
    ~SysfsTree() {
        std::error_code ignored;
        std::filesystem::remove_all(root_, ignored);
    }
    SysfsTree(const SysfsTree&) = delete;
    SysfsTree& operator=(const SysfsTree&) = delete;
    SysfsTree(SysfsTree&&) = delete;
    SysfsTree& operator=(SysfsTree&&) = delete;

    [[nodiscard]] std::string sysfs() const { return (root_ / "sys").string(); }
    [[nodiscard]] std::string path(std::string_view relative) const {
        return (root_ / relative).string();
    }

    // Writes in place, as the kernel does: descriptors that are open see the new content.
    void write(std::string_view relative, std::string_view content) const {
        const std::filesystem::path file = root_ / relative;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream out(file, std::ios::binary | std::ios::trunc);
        out << content;
        if (!out.flush()) {
            throw std::runtime_error("cannot write " + file.string());
        }
    }
    void remove(std::string_view relative) const { std::filesystem::remove_all(root_ / relative); }
    void make_folder(std::string_view relative) const {
        std::filesystem::create_directories(root_ / relative);
    }
    void forbid(std::string_view relative) const {
        std::filesystem::permissions(root_ / relative, std::filesystem::perms::none);
    }

    // A chip `sys/class/hwmon/hwmonN`, a link to a folder below its PCI device (or, without one,
    // below a platform device of its own), as in a real tree. Returns the chip's folder.
    std::string add_hwmon(int number,
                          const std::string& chip,
                          const std::string& pci,
                          const FileContents& files) const {
        const std::string device =
            pci.empty() ? "sys/devices/platform/" + chip + "." + std::to_string(number)
                        : "sys/devices/pci0000:00/" + pci;
        std::string folder = device + "/hwmon/hwmon" + std::to_string(number);
        write(folder + "/name", chip + "\n");
        for (const auto& [file, content] : files) {
            write(folder + "/" + file, content + "\n");
        }
        link(folder + "/device", root_ / device);
        link("sys/class/hwmon/hwmon" + std::to_string(number), root_ / folder);
        return folder;
    }

    // A RAPL zone `sys/class/powercap/ENTRY`. Returns its folder.
    std::string add_zone(const std::string& entry,
                         const std::string& name,
                         const FileContents& files) const {
        std::string folder = "sys/devices/virtual/powercap/intel-rapl/" + entry;
        write(folder + "/name", name + "\n");
        for (const auto& [file, content] : files) {
            write(folder + "/" + file, content + "\n");
        }
        link("sys/class/powercap/" + entry, root_ / folder);
        return folder;
    }

    void link(std::string_view relative, const std::filesystem::path& target) const {
        const std::filesystem::path file = root_ / relative;
        std::filesystem::create_directories(file.parent_path());
        std::filesystem::create_symlink(target, file);
    }

private:
    std::filesystem::path root_;
};

// For its scope this thread opens files as an ordinary user, even when root runs the tests:
// permission bits bind.
class Unprivileged {
public:
    Unprivileged() : before_(setfsuid(nobody)) {}
    ~Unprivileged() { setfsuid(static_cast<uid_t>(before_)); }
    Unprivileged(const Unprivileged&) = delete;
    Unprivileged& operator=(const Unprivileged&) = delete;
    Unprivileged(Unprivileged&&) = delete;
    Unprivileged& operator=(Unprivileged&&) = delete;

private:
    static constexpr uid_t nobody = 65534;
    int before_;
};

} // namespace joulemark::fakes

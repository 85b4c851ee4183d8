// Rows of cells as aligned text. Pure.
#pragma once

#include "report/text_style.hpp"

#include <string>
#include <vector>

namespace joulemark::report {

struct TableColumn {
    std::string title;
    bool right = false; // numbers
};

// Every row has as many cells as there are columns. Lines begin with `indent` spaces and carry none
// at the end.
[[nodiscard]] std::string text_table(const std::vector<TableColumn>& columns,
                                     const std::vector<std::vector<std::string>>& rows,
                                     std::size_t indent,
                                     const TextStyle& style);

} // namespace joulemark::report

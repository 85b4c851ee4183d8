#include "report/text_table.hpp"

#include <algorithm>

namespace joulemark::report {

namespace {

std::string line(const std::vector<TableColumn>& columns,
                 const std::vector<std::string>& cells,
                 const std::vector<std::size_t>& widths) {
    std::string out;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (i > 0) {
            out += "  ";
        }
        out += columns[i].right ? right_padded(cells[i], widths[i]) : padded(cells[i], widths[i]);
    }
    out.erase(out.find_last_not_of(' ') + 1);
    return out;
}

} // namespace

std::string text_table(const std::vector<TableColumn>& columns,
                       const std::vector<std::vector<std::string>>& rows,
                       std::size_t indent,
                       const TextStyle& style) {
    std::vector<std::vector<std::string>> shown = rows;
    for (auto& row : shown) {
        for (std::string& cell : row) {
            cell = fitting(cell, style);
        }
    }
    std::vector<std::size_t> widths;
    std::vector<std::string> titles;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        std::size_t width = display_width(columns[i].title);
        for (const auto& row : shown) {
            width = std::max(width, display_width(row[i]));
        }
        widths.push_back(width);
        titles.push_back(columns[i].title);
    }
    const std::string margin(indent, ' ');
    std::string out = margin + inked(line(columns, titles, widths), Ink::dim, style) + "\n";
    for (const auto& row : shown) {
        out += margin + line(columns, row, widths) + "\n";
    }
    return out;
}

} // namespace joulemark::report

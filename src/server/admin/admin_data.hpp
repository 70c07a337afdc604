#pragma once
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>

#include "server/admin/admin_history.hpp"
#include "server/admin/recent_refusals.hpp"

// What GET /data/… says, as JSON.
namespace signalbox::server::admin {

/// How this node is, in words.
struct Health {
  std::string_view node{};    ///< empty: there is one node
  std::string_view reason{};  ///< why it is not ready; empty: it is
  std::string_view store{}, redis{};
};

std::string overview_json(const Health& health, const Look& now, const AdminHistory& history);
std::string history_json(const std::deque<Point>& points);
std::string refusals_json(std::span<const RecentRefusals::Row> rows);

}  // namespace signalbox::server::admin

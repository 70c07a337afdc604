#pragma once
#include <signalbox/config.hpp>

#include "hub/presence_feed.hpp"
#include "net/network.hpp"
#include "store/store_queue.hpp"
#include "users/directory.hpp"

namespace signalbox::server {

net::Options network_options(const Config& config);
users::DirectoryOptions directory_options(const Config& config);
hub::PresenceLimits presence_limits(const Config& config);
store::StoreQueue::Options store_options(const Config& config);

}  // namespace signalbox::server

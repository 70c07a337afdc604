#pragma once
#include <stdexcept>

namespace signalbox::store {

/// The store cannot be opened: what() says why, and what would be right.
struct StoreError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace signalbox::store

#pragma once
#include <cstdint>
#include <functional>

#include "store/sqlite.hpp"

namespace signalbox::store {

inline constexpr int kFormat = 3;

/// Brings a file to our format, a new one too. A file of a newer format is left as it is: StoreError.
///
/// It goes in pieces, each of which is committed, and goes on where it was left: a process that is killed loses one
/// piece. Between two pieces `give_up` is asked; true ends it with a StoreError.
void bring_up_to_date(Sqlite& file, const std::function<bool()>& give_up);

/// The newest row of anything in it. Later ones are free.
std::int64_t last_row(Sqlite& file);

}  // namespace signalbox::store

#pragma once
#include <string>
#include <string_view>

// The private id by which a client finds its socket again. Where there are several nodes it begins with the tag of its
// own, so that any node knows which to ask. Any thread.
namespace signalbox::recovery {

/// A new one. `node`: the tag of this node; empty: there are no others.
std::string make_pid(std::string_view node);
/// The tag that it begins with, a part of `pid`; empty: it names no node, or cannot be a pid.
std::string_view node_of(std::string_view pid);

}  // namespace signalbox::recovery

#include "server/request_handler.hpp"

#include "server/http_api.hpp"

namespace signalbox::server {

std::optional<net::Response> NothingHere::on_head(const net::RequestHead&, net::Admission&) {
  return error_response(404, "There is nothing at this address.");
}

std::optional<net::Response> NothingHere::on_request(const net::RequestHead&, std::string_view, const net::RequestId&,
                                                     TimePoint) {
  return std::nullopt;
}

}  // namespace signalbox::server

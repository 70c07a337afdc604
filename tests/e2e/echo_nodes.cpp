// Three nodes with an Engine.IO echo each, and tunnels between them: prints their ports, and ends with its input.
#include <cstdio>
#include <memory>
#include <vector>

#include "net/node_group.hpp"

using namespace signalbox;

int main() {
  net::test::MemoryBus bus;
  std::vector<std::unique_ptr<net::test::Node>> nodes;
  for (const char* tag : {"node01", "node02", "node03"})
    nodes.push_back(std::make_unique<net::test::Node>(bus, tag, net::Options(), cluster::TunnelOptions()));
  for (const auto& node : nodes) std::printf("%u ", node->server.network->port());
  std::printf("\n");
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
}

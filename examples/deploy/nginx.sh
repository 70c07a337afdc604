#!/bin/sh
# nginx before the three nodes, by the file of examples/cluster, whose nodes are on one machine, with the names of these. nginx asks for
# a name's address when it reads its file, and a container that is made anew may have another one: then it reads the file again.
set -e
sed 's/127.0.0.1:300\([123]\)/node\1:3000/' /etc/nginx/signalbox.conf >/etc/nginx/nginx.conf

addresses() { getent hosts node1 node2 node3; }  # fails while one of them has none
known=$(addresses || true)
while sleep 5; do
  now=$(addresses) && [ "$now" != "$known" ] && nginx -s reload && known=$now
done &

exec nginx -g 'daemon off;'

# The library that users link: every room in one archive, with include/signalbox as its only headers.

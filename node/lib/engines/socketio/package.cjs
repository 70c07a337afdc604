"use strict";
const path = require("node:path");

/** Where the program's socket.io package may be: beside this one, or (where this one is a link) beside the program. */
const places = () => [__dirname, process.cwd(), ...(process.argv[1] ? [path.dirname(process.argv[1])] : [])];

/** Its file; throws where it is not installed. */
const find = () => require.resolve("socket.io", { paths: places() });

module.exports = { find, load: () => require(find()) };

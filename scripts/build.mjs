/** `npm run build`: installs and builds what is out of date. */
import { build, install } from "./install-and-build.mjs";

install();
build();

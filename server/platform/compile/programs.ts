/*
 * Fills Node's compile cache with all programs, without running any of them: a program that strips its own types at its first start
 * carries the compiler that does it (25 MB) until it ends. The order matters: modules are all compiled before the first of them runs,
 * and the first one ends the process.
 */
import './end.ts';
import '../../../runtime/router/main.ts';
import '../../main.ts';
import '../../prepare.ts';
import '../../supervisor.ts';
import '../../worker.ts';

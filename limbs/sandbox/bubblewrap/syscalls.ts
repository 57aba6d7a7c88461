export type Machine = 'x64' | 'arm64';

/**
 * System calls that a Python program may make, as `name:x64:arm64` (the numbers of asm/unistd_64.h and
 * asm-generic/unistd.h); a machine without the call leaves its number out.
 *
 * Left out on purpose: whatever names a socket, a namespace, a mount, a key or another process's memory, and memory that no
 * limit of the run counts (memfd, System V and POSIX shared memory, message queues).
 */
const allowedCalls = [
  // Files and folders.
  `
    read:0:63 write:1:64 readv:19:65 writev:20:66 pread64:17:67 pwrite64:18:68 preadv:295:69 pwritev:296:70
    preadv2:327:286 pwritev2:328:287 open:2: openat:257:56 openat2:437:437 creat:85: close:3:57 close_range:436:436
    stat:4: lstat:6: fstat:5:80 newfstatat:262:79 statx:332:291 statfs:137:43 fstatfs:138:44 access:21:
    faccessat:269:48 faccessat2:439:439 lseek:8:62 dup:32:23 dup2:33: dup3:292:24 pipe:22: pipe2:293:59 fcntl:72:25
    flock:73:32 fsync:74:82 fdatasync:75:83 truncate:76:45 ftruncate:77:46 fallocate:285:47 fadvise64:221:223
    readahead:187:213 sendfile:40:71 copy_file_range:326:285 getdents:78: getdents64:217:61 getcwd:79:17 chdir:80:49
    fchdir:81:50 mkdir:83: mkdirat:258:34 rmdir:84: rename:82: renameat:264:38 renameat2:316:276 link:86:
    linkat:265:37 unlink:87: unlinkat:263:35 symlink:88: symlinkat:266:36 readlink:89: readlinkat:267:78 chmod:90:
    fchmod:91:52 fchmodat:268:53 umask:95:166 utime:132: utimes:235: utimensat:280:88 futimesat:261: getxattr:191:8
    lgetxattr:192:9 fgetxattr:193:10 listxattr:194:11 llistxattr:195:12 flistxattr:196:13
  `,
  // Memory.
  `
    mmap:9:222 mprotect:10:226 munmap:11:215 mremap:25:216 msync:26:227 mincore:27:232 madvise:28:233 brk:12:214
    membarrier:324:283
  `,
  // Signals and time.
  `
    rt_sigaction:13:134 rt_sigprocmask:14:135 rt_sigreturn:15:139 rt_sigpending:127:136 rt_sigtimedwait:128:137
    rt_sigsuspend:130:133 sigaltstack:131:132 kill:62:129 tkill:200:130 tgkill:234:131 pause:34: alarm:37:
    getitimer:36:102 setitimer:38:103 nanosleep:35:101 clock_nanosleep:230:115 clock_gettime:228:113
    clock_getres:229:114 gettimeofday:96:169 time:201: times:100:153 timer_create:222:107 timer_settime:223:110
    timer_gettime:224:108 timer_getoverrun:225:109 timer_delete:226:111 timerfd_create:283:85 timerfd_settime:286:86
    timerfd_gettime:287:87 restart_syscall:219:128
  `,
  // Processes and threads.
  `
    fork:57: vfork:58: execve:59:221 execveat:322:281 exit:60:93 exit_group:231:94 wait4:61:260 waitid:247:95
    getpid:39:172 getppid:110:173 gettid:186:178 getpgrp:111: getpgid:121:155 setpgid:109:154 getsid:124:156
    setsid:112:157 getuid:102:174 geteuid:107:175 getgid:104:176 getegid:108:177 getresuid:118:148 getresgid:120:150
    getgroups:115:158 getpriority:140:141 getrlimit:97:163 setrlimit:160:164 prlimit64:302:261 getrusage:98:165
    sysinfo:99:179 uname:63:160 sched_yield:24:124 sched_getaffinity:204:123 sched_setaffinity:203:122
    sched_getparam:143:121 sched_getscheduler:145:120 sched_get_priority_max:146:125 sched_get_priority_min:147:126
    getcpu:309:168 arch_prctl:158: set_tid_address:218:96 set_robust_list:273:99 get_robust_list:274:100
    rseq:334:293 futex:202:98 pidfd_open:434:434 pidfd_send_signal:424:424 getrandom:318:278
  `,
  // Waiting, and talk over a pair of sockets (no socket can be opened or named).
  `
    poll:7: ppoll:271:73 select:23: pselect6:270:72 epoll_create:213: epoll_create1:291:20 epoll_ctl:233:21
    epoll_wait:232: epoll_pwait:281:22 epoll_pwait2:441:441 eventfd:284: eventfd2:290:19 sendto:44:206
    recvfrom:45:207 shutdown:48:210 getsockname:51:204 getpeername:52:205 getsockopt:55:209 setsockopt:54:208
  `,
];

/** The newest number the list above was made with, the same on both machines. */
export const newestSyscall = 450;

export interface SyscallNumbers {
  readonly architecture: number;
  readonly allowed: readonly number[];
  readonly clone: number;
  readonly clone3: number;
  readonly socketpair: number;
  readonly prctl: number;
  readonly ioctl: number;
}

const entries = allowedCalls.join(' ').trim().split(/\s+/);

export const allowedSyscallNames: readonly string[] = entries.map((entry) => entry.slice(0, entry.indexOf(':')));

export function syscallsOf(machine: Machine): SyscallNumbers {
  const column = machine === 'x64' ? 1 : 2;
  const allowed = entries
    .map((entry) => entry.split(':')[column])
    .filter((number) => number !== undefined && number !== '');
  return { ...filteredCalls[machine], allowed: allowed.map(Number) };
}

/** The machine's AUDIT_ARCH value, and the calls of which only some arguments are allowed. */
const filteredCalls: Record<Machine, Omit<SyscallNumbers, 'allowed'>> = {
  x64: { architecture: 0xc000_003e, clone: 56, clone3: 435, socketpair: 53, prctl: 157, ioctl: 16 },
  arm64: { architecture: 0xc000_00b7, clone: 220, clone3: 435, socketpair: 199, prctl: 167, ioctl: 29 },
};

{
  'targets': [
    {
      'target_name': 'holdfast',
      'sources': [
        'addon.c',
        'errors.c',
        'instance.c',
        'lock.c',
        'memory.c',
        'netlink.c',
        'options.c',
        'packet.c',
        'process.c',
        'raw.c',
        'socket.c',
        'unix.c',
      ],
      # Async cleanup hooks and type tags came with version 8; the binary then serves every later Node.
      'defines': ['NAPI_VERSION=8', '_GNU_SOURCE'],
      'cflags!': ['-O3', '-Wno-unused-parameter'],
      'cflags': ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', '-fstack-protector-strong', '-fvisibility=hidden'],
      'ldflags': ['-Wl,-z,relro,-z,now'],
    },
    {
      'target_name': 'holdfast-guard',
      'type': 'executable',
      'sources': [
        'guard/door.c',
        'guard/guard.c',
        'guard/held.c',
        'guard/link.c',
        'guard/obituary.c',
        'guard/route.c',
        'guard/say.c',
        'guard/watch.c',
      ],
      'defines': ['_GNU_SOURCE'],
      'cflags!': ['-O3', '-Wno-unused-parameter'],
      'cflags': ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', '-fstack-protector-strong'],
      'ldflags': ['-Wl,-z,relro,-z,now'],
    },
  ],
}

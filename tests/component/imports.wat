(component (import "test:missing/iface@1.0.0" (instance (export "f" (func)))))

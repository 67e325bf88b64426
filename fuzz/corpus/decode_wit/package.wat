(component
  (type (component
    (type (instance
      (export "r" (type (sub resource)))
      (export "f" (func (param "x" (own 0))))))
    (export "a:b/i@1.0.0" (instance (type 0)))))
  (export "i" (type 0))
  (type (component
    (type (component
      (type (instance (export "r" (type (sub resource)))))
      (import "a:b/i@1.0.0" (instance (type 0)))
      (type (func))
      (export "run" (func (type 1)))))
    (export "a:b/w@1.0.0" (component (type 0)))))
  (export "w" (type 2))
  (@custom "package-docs" "\01{\22docs\22:\22The package.\22,\22worlds\22:{\22w\22:{\22func_exports\22:{\22run\22:{\22docs\22:\22Runs.\22}},\22interface_import_docs\22:{\22a:b/i@1.0.0\22:\22Why.\22}}},\22interfaces\22:{\22i\22:{\22stability\22:{\22stable\22:{\22since\22:\221.0.0\22}},\22types\22:{\22r\22:{\22docs\22:\22A\5cnresource.\22}}}}}"))

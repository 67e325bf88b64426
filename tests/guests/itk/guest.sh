# ITK, a big C++ library, as its makers publish it for WASI: reads a PNG, writes a TIFF, reads that, compares the pixels.
source "$HERE/../common.sh"
need python3 unzip
version=1.6.1
modules=package/itkwasm_image_io_wasi/wasm_modules
if [[ ! -d $modules ]]; then
  python3 -m pip download -q --no-deps "itkwasm-image-io-wasi==$version" >pip.log 2>&1 ||
    skip "pip cannot download itkwasm-image-io-wasi"
  unzip -q -o -d package itkwasm_image_io_wasi-$version-*.whl
fi
itk() {
  "$ASHLAR" run --dir files::/ "$modules/$1.wasi.wasm" "${@:2}" >>log.txt || { echo "exit code $? of: $*"; exit 1; }
}
rm -rf files log.txt
mkdir -p files/first files/second
python3 "$HERE/picture.py" make files/picture.png
itk png-read-image /picture.png /could-read.json /first
itk tiff-write-image /first /could-write.json /picture.tiff
itk tiff-read-image /picture.tiff /could-read.json /second
itk nrrd-write-image /second /could-write.json /picture.nrrd
python3 "$HERE/picture.py" check files/first/data/data.raw files/second/data/data.raw
grep -q '^sizes: 301 200$' files/picture.nrrd || { echo "wrong header in picture.nrrd"; exit 1; }
echo "PNG to TIFF to NRRD"

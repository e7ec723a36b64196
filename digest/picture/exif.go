package picture

import (
	"bytes"
	"encoding/binary"
)

// orientation is what a JPEG says of how its camera was held: 1 to 8, or 0 when
// it says nothing. It reads the APP1 segment's first directory (EXIF 2.32,
// section 4.6).
func orientation(data []byte) int {
	if !bytes.HasPrefix(data, []byte{0xff, 0xd8}) {
		return 0
	}
	for i := 2; i+4 <= len(data) && data[i] == 0xff; {
		size := int(binary.BigEndian.Uint16(data[i+2:]))
		end := i + 2 + size
		if size < 2 || end > len(data) || data[i+1] == 0xda {
			return 0
		}
		if body := data[i+4 : end]; data[i+1] == 0xe1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")) {
			return firstDirectory(body[6:])
		}
		i = end
	}
	return 0
}

func firstDirectory(tiff []byte) int {
	const tag, entry = 0x0112, 12
	if len(tiff) < 8 {
		return 0
	}
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 0
	}
	n := int64(order.Uint16(tiff[at:]))
	for i := range n {
		from := at + 2 + i*entry
		if from+entry > int64(len(tiff)) {
			return 0
		}
		if order.Uint16(tiff[from:]) == tag {
			return int(order.Uint16(tiff[from+8:]))
		}
	}
	return 0
}

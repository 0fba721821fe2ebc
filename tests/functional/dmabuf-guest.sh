#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs in the x86 guest of harness/nested.py: boots the guest "new" in it, whose
# frame is in a dma-buf there, and prints the screendump that has to be read back.

cd /tmp || exit 1
mkfifo monitor.in monitor.out serial.in serial.out
cat serial.out > serial.log &
cat monitor.out > monitor.log &
# Keeps the ends open between two lines.
sleep 100000 > serial.in &
sleep 100000 > monitor.in &
/qemu/qemu-system-aarch64 -M virt -cpu max,pauth=off -smp 2 -m 900M \
    -nodefaults -nic none -display none \
    -device virtio-gpu-gl-pci,venus=on,venus-memory=driver,x-scanout-readback=on,romfile= \
    -trace 'venus_readback_*' -kernel /guest/kernel -initrd /guest/initrd \
    -append 'console=ttyAMA0 quiet nosoftlockup nowatchdog' \
    -chardev pipe,id=monitor,path=monitor -mon chardev=monitor \
    -chardev pipe,id=serial,path=serial -serial chardev:serial \
    > qemu.log 2>&1 &

# wait_for TEXT FILE
wait_for()
{
    until grep -q "$1" "$2"; do
        kill -0 $! 2> /dev/null || break
        sleep 1
    done
}

wait_for GUEST-READY serial.log
echo 'vkspin --frame 37 --hold --size 640x480 --path zero-copy' > serial.in
wait_for 'holding frame 37' serial.log
echo 'screendump /tmp/picture.png -f png' > monitor.in
echo 'info version' > monitor.in
wait_for '^10\.' monitor.log
cat qemu.log
tail -n 3 serial.log
echo PICTURE-BEGIN
base64 picture.png
echo PICTURE-END

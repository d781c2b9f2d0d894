# needs: openssl
# Keys are random, so that what is checked is that signatures, ciphers and certificates fit together.
seq 20000 >data
openssl genrsa -out key.pem 2048 2>/dev/null && openssl rsa -in key.pem -pubout -out public.pem 2>/dev/null
openssl dgst -sha256 -sign key.pem -out signature data
openssl dgst -sha256 -verify public.pem -signature signature data
openssl req -x509 -key key.pem -subj /CN=localhost -days 2 -out certificate.pem
openssl verify -CAfile certificate.pem certificate.pem
openssl enc -aes-256-cbc -pbkdf2 -pass pass:secret -in data >secret
openssl enc -d -aes-256-cbc -pbkdf2 -pass pass:secret -in secret | cmp - data && echo "the same"
openssl ecparam -name prime256v1 -genkey -noout | openssl ec -text -noout 2>/dev/null | grep -c ASN1
